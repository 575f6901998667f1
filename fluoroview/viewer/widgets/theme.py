"""Colours, type and style sheet of the viewer: a dark room, one accent, figures to read from afar.

Every colour has its name here and nowhere else. The three states of the image differ in colour,
in shape (see `badge.py`) and in words, so that none of them rests on colour vision alone.
"""

from __future__ import annotations

from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication

IMAGE_GROUND = "#000000"
GROUND = "#0f1113"
PANEL = "#16191c"
RAISED = "#22262a"
HOVER = "#2b3036"
LINE = "#2d3237"
TEXT = "#e8eaec"
DIM = "#98a0a8"
FAINT = "#626a72"
ACCENT = "#4aa3df"
XRAY = "#ffc61a"
LIVE = "#3ecf73"
HOLD = "#d5dee6"
REPLAY = "#b794ff"
RECORD = "#ff4438"
ERROR = "#ff6b62"
WARNING = "#ffb35c"

FAMILIES = ["Inter", "Segoe UI", "Helvetica Neue", "Noto Sans", "DejaVu Sans"]


def font(size_px: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the interface font with tabular figures, so that counting digits do not dance."""
    made = QFont(FAMILIES)
    made.setPixelSize(size_px)
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(app: QApplication) -> None:
    """Dress the whole application: Fusion, the dark palette, the style sheet."""
    app.setStyle("Fusion")
    app.setFont(font(13))
    app.setPalette(_palette())
    app.setStyleSheet(_STYLE)


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, PANEL),
        (role.WindowText, TEXT),
        (role.Base, GROUND),
        (role.AlternateBase, PANEL),
        (role.Text, TEXT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, ERROR),
        (role.Highlight, ACCENT),
        (role.HighlightedText, "#08131b"),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Link, ACCENT),
        (role.Light, HOVER),
        (role.Mid, LINE),
        (role.Dark, GROUND),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(FAINT))
    return palette


_STYLE = f"""
QMainWindow, QDialog {{ background: {PANEL}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
QLabel {{ background: transparent; }}
QLabel[role="heading"] {{ color: {DIM}; font-size: 11px; font-weight: 600; }}
QLabel[role="dim"] {{ color: {DIM}; }}
QLabel[role="faint"] {{ color: {FAINT}; }}
QFrame[role="card"] {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 6px; }}

QPushButton, QToolButton {{
    background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 4px;
    padding: 5px 10px; min-height: 18px;
}}
QPushButton:hover, QToolButton:hover {{ background: {HOVER}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {GROUND}; }}
QPushButton:checked, QToolButton:checked {{ border-color: {ACCENT}; color: {ACCENT}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {ACCENT}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {FAINT}; background: {PANEL}; }}
QPushButton[role="primary"] {{ background: {ACCENT}; color: #08131b; border-color: {ACCENT};
    font-weight: 600; }}
QPushButton[role="primary"]:hover {{ background: #69b6e8; }}
QPushButton[role="primary"]:disabled {{ background: {RAISED}; color: {FAINT};
    border-color: {LINE}; }}

QComboBox, QLineEdit, QAbstractSpinBox {{
    background: {GROUND}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 4px;
    padding: 2px 7px; min-height: 20px; selection-background-color: {ACCENT};
}}
QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus {{ border-color: {ACCENT}; }}
QComboBox:disabled, QLineEdit:disabled, QAbstractSpinBox:disabled {{ color: {DIM};
    background: {PANEL}; }}
QToolButton[role="step"] {{ padding: 0; min-width: 24px; max-width: 24px; min-height: 24px;
    max-height: 24px; font-size: 15px; }}
QLineEdit[readOnly="true"] {{ background: {PANEL}; color: {DIM}; }}
QComboBox::drop-down {{ border: 0; width: 20px; }}
QComboBox::down-arrow {{ width: 0; height: 0; margin-right: 7px; border-left: 4px solid {GROUND};
    border-right: 4px solid {GROUND}; border-top: 5px solid {DIM}; }}
QComboBox::down-arrow:disabled {{ border-left-color: {PANEL}; border-right-color: {PANEL};
    border-top-color: {LINE}; }}
QComboBox QAbstractItemView {{ background: {RAISED}; border: 1px solid {LINE}; outline: 0; }}

QTabWidget::pane {{ border: 0; border-top: 1px solid {LINE}; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {DIM}; padding: 8px 5px; font-size: 12px;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom: 2px solid {ACCENT}; }}
QTabBar::tab:hover {{ color: {TEXT}; }}

QScrollArea {{ background: transparent; border: 0; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {LINE}; border-radius: 4px; min-height: 28px;
    margin: 1px; }}
QScrollBar::handle:vertical:hover {{ background: {FAINT}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; border: 0; height: 0; }}

QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {LINE}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: {TEXT}; }}
QSlider::handle:horizontal:disabled {{ background: {FAINT}; }}

QStatusBar {{ background: {GROUND}; color: {DIM}; border-top: 1px solid {LINE}; }}
QStatusBar::item {{ border: 0; }}
QMenuBar {{ background: {GROUND}; color: {DIM}; padding: 2px; }}
QMenuBar::item {{ padding: 4px 10px; background: transparent; border-radius: 3px; }}
QMenuBar::item:selected {{ background: {RAISED}; color: {TEXT}; }}
QMenu {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 14px; border-radius: 3px; }}
QMenu::item:selected {{ background: {HOVER}; }}
QMenu::item:disabled {{ color: {FAINT}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QProgressBar {{ background: {GROUND}; border: 1px solid {LINE}; border-radius: 3px;
    text-align: center; color: {TEXT}; min-height: 14px; max-height: 14px; font-size: 11px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 2px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {FAINT}; border-radius: 3px;
    background: {GROUND}; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QCheckBox::indicator:disabled {{ border-color: {LINE}; background: {PANEL}; }}
"""
