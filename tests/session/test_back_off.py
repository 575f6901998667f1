"""Restarts by themselves, and the end of the examination."""

import threading

from fluoroview.session.devices.back_off import BackOff


def test_a_fault_that_comes_while_the_examination_closes_restarts_nothing():
    back_off = BackOff(lambda: None, lambda _delay_s: back_off.close())
    before = threading.active_count()
    back_off.after_fault()
    assert threading.active_count() == before, "no timer waits"
