"""A session whose threads the test steps, on a device that does what the test asks.

Nothing runs on its own: each queue, each reader and each piece of long work advances when the
test calls it, so that every interleaving is chosen by the test and can be repeated.
"""

from collections import deque
from concurrent.futures import Executor, Future

from fluoroview.hal import (
    Access,
    DeviceError,
    DeviceKind,
    DeviceState,
    DoseOrigin,
    Exposure,
    FakeClock,
    FrameFormat,
    FrameHeader,
    FrameSink,
    Ledger,
    ParameterError,
    ParameterInfo,
    ParameterSet,
    PixelIntensityRelationship,
    Pulse,
)
from fluoroview.hal.device import DeviceTraits
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import SlotPool
from fluoroview.hal.states import StateMachine
from fluoroview.session.room import DetectorSection, DeviceSection, LoopSection, Room
from fluoroview.session.session import Session

ROWS = COLUMNS = 16
SLOTS = 8


class SteppedQueue:
    """A queue that runs a task when stepped."""

    def __init__(self, tick, queues):
        self.tasks = deque()
        self.tick = tick
        self._queues = queues
        self.running = False

    @property
    def idle(self):
        return not self.tasks and not self.running

    @property
    def current(self):
        return self.running

    def start(self):
        pass

    def put(self, task):
        self.tasks.append(task)

    def step(self):
        """Run the next task; return whether there was one."""
        if not self.tasks or self.running:
            return False
        self.running = True
        try:
            self.tasks.popleft()()
        finally:
            self.running = False
        return True

    def run(self):
        """Run all that waits."""
        while self.step():
            pass

    def result(self, future):
        """Run what waits until the future is done."""
        while not future.done():
            done = self.step() or any(queue.step() for queue in self._queues.values())
            assert done, "nothing that waits completes this future"
        return future.result()

    def close(self):
        self.run()


class SteppedLoop:
    """A loop that does one round when stepped."""

    def __init__(self, name, step, failed):
        self.name = name
        self.alive = False
        self._step = step
        self._failed = failed

    def start(self):
        self.alive = True

    def step(self):
        """Do one round; return whether nothing is left to do."""
        if not self.alive:
            return True
        try:
            return self._step(0.0)
        except Exception as error:
            self.alive = False
            self._failed(error)
            return True

    def drain(self, _timeout_s):
        while not self.step():
            pass
        return True

    def close(self):
        self.alive = False


class SteppedExecutor(Executor):
    """Long work that is done when stepped."""

    def __init__(self):
        self.tasks = deque()
        self.shut = False

    def submit(self, work, /, *arguments, **keywords):
        if self.shut:
            raise RuntimeError("it takes no more work")
        future = Future()
        self.tasks.append((future, lambda: work(*arguments, **keywords)))
        return future

    def step(self):
        """Do the next piece of work; return whether there was one."""
        if not self.tasks:
            return False
        future, work = self.tasks.popleft()
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)
        return True

    def run(self):
        while self.step():
            pass

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.run()
        self.shut = True


class SteppedSchedule:
    """The queues and loops of a session, by name."""

    def __init__(self):
        self.queues = {}
        self.loops = []
        self.work = SteppedExecutor()

    def queue(self, name, tick=None, every_s=0.0):
        self.queues[name] = SteppedQueue(tick, self.queues)
        return self.queues[name]

    def loop(self, name, step, wake, failed):
        self.loops.append(SteppedLoop(name, step, failed))
        return self.loops[-1]

    def executor(self, name, threads):
        return self.work

    def alive(self, name):
        """Return the loops of that name which have not ended."""
        self.loops = [loop for loop in self.loops if loop.alive]
        return [loop for loop in self.loops if loop.name.startswith(name)]


class FakeHost:
    """A device in the test's hands, with a real ring and a real sink; every call is immediate.

    `during[method]` is called in the middle of that call: what another thread does meanwhile.
    """

    made = ()

    def __init__(self, driver, device_id, isolation="thread", *, clock, **callbacks):
        self.driver, self.device_id, self.isolation = driver, device_id, isolation
        self.name = f"{driver}:{device_id}"
        self.pid = None
        self.ring = None
        self.relationship, self.bit_depth = PixelIntensityRelationship.DISP, 16
        kind = DeviceKind.GENERATOR if driver == "tube" else DeviceKind.DETECTOR
        self.traits = DeviceTraits(kind, (kind,), handshake=kind is DeviceKind.GENERATOR)
        self.on_fault = callbacks["on_fault"]
        self.on_refuse = callbacks.get("on_refuse")
        self.clock = clock
        self.values = {"Width": COLUMNS, "Gain": 1, "Case": "normal"}
        self.during = {}
        self.beats = self.run = self.counter = 0
        self.sink = self.fault = None
        self._states = StateMachine(self.name)
        FakeHost.made = (*FakeHost.made, self)

    @property
    def state(self):
        return self._states.state

    @property
    def permitted(self):
        """Whether the device may make pulses: the beam."""
        return self.state is DeviceState.RUNNING and not self.ring.words[Word.STOPPING]

    def _call(self, method, *states):
        if method in self.during:
            self.during.pop(method)()
        if self.fault is not None:
            raise self.fault
        self._states.require(*states, action=method)

    def open(self):
        self._call("open", DeviceState.CLOSED)
        self._states.move(DeviceState.IDLE)

    def parameters(self):
        self._call("parameters", DeviceState.IDLE, DeviceState.ARMED, DeviceState.RUNNING)
        return ParameterSet(
            [
                ParameterInfo("Width", self.values["Width"], "int", access=Access.RW_IDLE),
                ParameterInfo("Height", ROWS, "int", access=Access.RO),
                ParameterInfo("Gain", self.values["Gain"], "int"),
                ParameterInfo("AcquisitionFrameRate", 30.0, "float"),
                ParameterInfo("Case", self.values["Case"], access=Access.RW_IDLE, role=Role.CASE),
            ]
        )

    def write(self, name, value):
        self._call("write", DeviceState.IDLE, DeviceState.ARMED, DeviceState.RUNNING)
        if name in ("Width", "Case") and self.state is not DeviceState.IDLE:
            raise ParameterError(f"{self.name}: {name} can be written only while it is IDLE.")
        self.values[name] = value
        return value

    def arm(self):
        self._call("arm", DeviceState.IDLE)
        self.ring = FrameRing.create(FrameFormat(ROWS, self.values["Width"], "uint16"), SLOTS)
        self.ring.words[Word.STOPPING] = 1
        self._pool = SlotPool(self.ring)
        self._states.move(DeviceState.ARMED)
        return self.ring

    def disarm(self):
        self._call("disarm", DeviceState.ARMED)
        self._drop_ring()
        self._states.move(DeviceState.IDLE)

    def require_ready(self):
        self._call("require_ready", DeviceState.ARMED)

    def prepare(self):
        self._call("prepare", DeviceState.ARMED)

    def start(self, pedal_held=lambda: True, dead_man=None):
        self._call("start", DeviceState.ARMED)
        self.run += 1
        self.ring.words[Word.RUN] = self.run
        self.ring.words[Word.STOPPING] = 0
        if not pedal_held():
            self.release_pedal()
        self._pool.renew()
        self.sink = FrameSink(
            self._pool,
            clock=self.clock,
            run=self.run,
            counter_bits=64,
            bell=lambda: None,
            on_fail=self.fail,
        )
        self._states.move(DeviceState.RUNNING)
        return self.run

    def beat(self):
        self.beats += 1

    def release_pedal(self):
        if self.ring is not None:
            self.ring.words[Word.STOPPING] = 1

    def stop(self):
        self.release_pedal()
        self._call("stop", DeviceState.RUNNING)
        self.sink.close()
        self._states.move(DeviceState.ARMED)
        return self.ledger()

    def ledger(self, lost_consumer=0):
        return read_ledger(self.ring, lost_consumer) if self.ring is not None else Ledger()

    def close(self):
        self.release_pedal()
        self._drop_ring()
        self.fault = None
        if self.state is not DeviceState.CLOSED:
            self._states.move(DeviceState.CLOSED)

    def _drop_ring(self):
        ring, self.ring = self.ring, None
        if ring is not None:
            ring.close()

    # what the test makes the device do

    def expose(self, count=1, *, frames=True):
        """Make pulses of 1 µGy, each with a frame, as long as permitted; return how many."""
        made = 0
        while made < count and self.permitted:
            made += 1
            self.counter += 1
            self.clock.advance_s(0.01)
            now_ns = self.clock.monotonic_ns()
            pulse = Pulse(self.counter, now_ns, Exposure(), 1.0, 0.01, DoseOrigin.SIMULATED)
            self.sink.pulse(pulse)
            if frames:
                self.sink.offer(
                    self.ring.pixels[0] * 0 + self.counter % 60000,
                    FrameHeader(self.counter, now_ns, self.counter),
                )
        return made

    def fail(self, reason="its cable is out"):
        """Fail as a device does that goes away."""
        if self.state in (DeviceState.CLOSED, DeviceState.FAULT):
            return
        self.fault = DeviceError(f"{self.name} failed: {reason}.", "Restart it.", self.name)
        self._states.move(DeviceState.FAULT)
        self.release_pedal()
        self.on_fault(self.fault)


class FakeRecorder:
    """A recorder that only knows whether it is open."""

    still_open = ()

    def __init__(self, ring, path, info, **options):
        self.path = path
        self.status = None
        FakeRecorder.still_open = (*FakeRecorder.still_open, self)

    def end_run(self, ledger):
        assert self in FakeRecorder.still_open

    def add_pulses(self, pulses, missed=0):
        assert self in FakeRecorder.still_open

    def close(self):
        FakeRecorder.still_open = tuple(
            each for each in FakeRecorder.still_open if each is not self
        )


class Stepped:
    """A session, its schedule and its devices."""

    def __init__(self, folder, *, generator=False, clock=None, **detector):
        self.clock = clock or FakeClock()
        self.schedule = SteppedSchedule()
        FakeHost.made = ()
        section = DeviceSection(driver="tube", device="t", isolation="thread")
        self.room = Room(
            detector=DetectorSection(driver="fake", device="f", isolation="thread", **detector),
            generator=section if generator else DeviceSection(),
            loop=LoopSection(seconds=2.0, folder=str(folder)),
        )
        self.session = Session(self.room, self.clock, schedule=self.schedule, make_host=FakeHost)
        self.changes = self.schedule.queues["session"]
        self.commands = self.schedule.queues["device commands"]
        self.problems, self.alarms = [], []
        self.session.events.problem.connect(self.problems.append)
        self.session.events.alarm.connect(self.alarms.append)

    @property
    def state(self):
        return self.session.state

    @property
    def core(self):
        return self.session._core

    def host(self, driver="fake"):
        """Return the newest device of that driver."""
        return next(host for host in reversed(FakeHost.made) if host.driver == driver)

    def connect(self):
        """Open the devices."""
        future = self.session.connect()
        self.settle()
        future.result(0)
        return self

    def read(self, name=""):
        """Let the readers of that name do all they can."""
        for loop in self.schedule.alive(name):
            loop.drain(0)

    def tick(self, seconds=0.05):
        """Let time pass, and the dispatcher and the pedal look at it."""
        self.clock.advance_s(seconds)
        self.read("pedal")
        self.changes.put(self.changes.tick)
        self.changes.run()

    def settle(self):
        """Let everything come to rest."""
        busy = True
        while busy:
            self.read("frames")
            self.read("pulses")
            busy = self.changes.step() or self.commands.step() or self.schedule.work.step()

    def run(self, pulses=3):
        """Make a whole run of so many pulses."""
        self.session.press_pedal()
        self.settle()
        made = self.host().expose(pulses)
        self.session.release_pedal()
        self.settle()
        return made

    def close(self):
        self.session.close()
