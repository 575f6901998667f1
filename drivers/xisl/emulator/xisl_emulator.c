/* A flat panel behind the XISL calls, without the panel: for tests, and for trying the driver.
 *
 * It behaves as the vendor's library does, bad manners included:
 *   - two threads of its own a sensor: the panel, which counts on whatever happens, and the sorter,
 *     which fills the caller's ring and then calls the caller back;
 *   - a grabber ring of eight frames before that; whoever holds the callback too long loses frames,
 *     and the slot of the next frame moves on by as many;
 *   - a frame counter of 16 bits that wraps and goes on over runs;
 *   - Acquisition_Abort waits for the callback to return, so that calling it there waits for ever;
 *   - the first frame of a run is exposed for half its time.
 *
 * The first two pixels of a frame are its counter and its slot; the others are 1000 counts times
 * (gain + 1), half of it in a partly exposed frame. Settings come from the environment and are read
 * by Acquisition_EnumSensors:
 *
 *   XISL_EMULATOR_SERIALS       serial numbers, comma-separated    (EMU0001; empty: no sensor)
 *   XISL_EMULATOR_SIZE          COLUMNSxROWS                       (512x512)
 *   XISL_EMULATOR_READOUT_US    shortest frame time, µs            (10000; 2x2 binning: half)
 *   XISL_EMULATOR_COUNTER_START first value of the frame counter   (0)
 *   XISL_EMULATOR_HEADER_ID     14 has a frame counter, 11 none    (14)
 *   XISL_EMULATOR_DATA_TYPE     2 is 16 bit, 4 is 32 bit           (2)
 *   XISL_EMULATOR_DROP_LINK     every n-th frame never arrives     (0: none)
 *   XISL_EMULATOR_DROP_SDK      every n-th frame is not sorted     (0: none)
 *   XISL_EMULATOR_UNPLUG_AFTER  frames until the cable is pulled   (0: never)
 *   XISL_EMULATOR_SILENT_AFTER  frames until no more come          (0: never)
 *   XISL_EMULATOR_PATIENT       1: the panel waits for a late callback  (0: it counts on)
 *   XISL_EMULATOR_LOCK          file whose lock is the hardware's claim (none)
 */
#define _GNU_SOURCE
#include "xisl_emulator.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
    ALL_OK = 0,
    ACQ_ALREADY_RUNNING = 5,
    TIMEOUT = 6,
    INVALID_ACQ_DESC = 7,
    HEADER_INVALID = 23,
    BUFFER_TOO_SMALL = 29,
    OPEN_BY_ANOTHER_PROCESS = 34,
    INVALID_PARAM = 45,
    WRONG_CAMERA_MODE = 48
};
enum { INTERNAL_TIMER = 2, EXTERNAL_TRIGGER = 3, FREE_RUNNING = 4 };
enum { SEQ_CONTINUOUS = 0x100, BOARD_GBIF = 0x20, MAX_TIMER_US = 5000000 };
enum { GRABBER_FRAMES = 8, MAX_SENSORS = 4, TIMINGS = 8 };

typedef struct {
    int open;
    char serial[16];
    int channel;
    /* settings */
    UINT full_rows, full_columns, binning, mode, gain, sync, timer_us;
    unsigned short *ring;
    UINT ring_frames, ring_rows, ring_columns;
    CALLBACK end_frame, end_acq;
    /* a run */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running, stopping, threads;
    WORD counter;              /* of the next frame; goes on over runs */
    WORD grabbed[GRABBER_FRAMES];
    uint64_t exposed, received, sorted;
    WORD latest;
    DWORD act_frame, act_slot;
    DWORD error;
} Sensor;

static Sensor sensors[MAX_SENSORS];
static UINT sensor_count;
static int claim = -1;
static struct {
    UINT readout_us, header_id, data_type, drop_link, drop_sdk, unplug_after, silent_after, patient;
} settings;

static const double TIMING_FACTORS[TIMINGS] = {1, 1.25, 1.5, 2, 2.5, 4, 7.5, 15};

static UINT number(const char *name, UINT standard)
{
    const char *text = getenv(name);
    return text && *text ? (UINT)strtoul(text, NULL, 10) : standard;
}

static Sensor *of(HACQDESC handle)
{
    for (UINT i = 0; i < sensor_count; i++)
        if (handle == &sensors[i] && sensors[i].open)
            return &sensors[i];
    return NULL;
}

static UINT frame_time_us(const Sensor *s, UINT mode)
{
    return (UINT)(settings.readout_us / s->binning * TIMING_FACTORS[mode]);
}

static UINT rows_of(const Sensor *s) { return s->full_rows / s->binning; }
static UINT columns_of(const Sensor *s) { return s->full_columns / s->binning; }

/* ---- discovery ---- */

static int claim_hardware(void)
{
    const char *path = getenv("XISL_EMULATOR_LOCK");
    if (!path || !*path || claim >= 0)
        return 1;
    claim = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (claim >= 0 && flock(claim, LOCK_EX | LOCK_NB) == 0)
        return 1;
    if (claim >= 0)
        close(claim);
    claim = -1;
    return 0;
}

static void add_sensor(const char *serial)
{
    Sensor *s = &sensors[sensor_count];
    const char *size = getenv("XISL_EMULATOR_SIZE");
    memset(s, 0, sizeof *s);
    s->full_columns = s->full_rows = 512;
    if (size && sscanf(size, "%ux%u", &s->full_columns, &s->full_rows) != 2)
        s->full_columns = s->full_rows = 512;
    snprintf(s->serial, sizeof s->serial, "%s", serial);
    s->open = 1;
    s->channel = (int)sensor_count++;
    s->binning = 1;
    s->sync = FREE_RUNNING;
    s->counter = (WORD)number("XISL_EMULATOR_COUNTER_START", 0);
    s->timer_us = frame_time_us(s, 0);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

HIS_RETURN Acquisition_EnumSensors(UINT *count, BOOL irq, BOOL always_open)
{
    (void)irq;
    for (UINT i = 0; i < sensor_count; i++)
        if (sensors[i].running)
            return ACQ_ALREADY_RUNNING;
    if (!claim_hardware() && !always_open)
        return OPEN_BY_ANOTHER_PROCESS;
    settings.readout_us = number("XISL_EMULATOR_READOUT_US", 10000);
    settings.header_id = number("XISL_EMULATOR_HEADER_ID", 14);
    settings.data_type = number("XISL_EMULATOR_DATA_TYPE", 2);
    settings.drop_link = number("XISL_EMULATOR_DROP_LINK", 0);
    settings.drop_sdk = number("XISL_EMULATOR_DROP_SDK", 0);
    settings.unplug_after = number("XISL_EMULATOR_UNPLUG_AFTER", 0);
    settings.silent_after = number("XISL_EMULATOR_SILENT_AFTER", 0);
    settings.patient = number("XISL_EMULATOR_PATIENT", 0);
    const char *given = getenv("XISL_EMULATOR_SERIALS");
    char list[256], *rest = list, *serial;
    snprintf(list, sizeof list, "%s", given ? given : "EMU0001");
    sensor_count = 0;
    while ((serial = strsep(&rest, ",")) && sensor_count < MAX_SENSORS)
        if (*serial)
            add_sensor(serial);
    *count = sensor_count;
    return ALL_OK;
}

HIS_RETURN Acquisition_GetNextSensor(ACQDESCPOS *position, HACQDESC *handle)
{
    uintptr_t index = (uintptr_t)*position; /* NULL: the first; NULL again after the last */
    if (index >= sensor_count)
        return INVALID_PARAM;
    *handle = &sensors[index];
    *position = (ACQDESCPOS)(index + 1 < sensor_count ? index + 1 : 0);
    return ALL_OK;
}

HIS_RETURN Acquisition_GetCommChannel(HACQDESC handle, UINT *type, int *channel)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    *type = BOARD_GBIF;
    *channel = s->channel;
    return ALL_OK;
}

HIS_RETURN Acquisition_GetDetectorProperties(HACQDESC handle, GBIF_Detector_Properties *properties)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    memset(properties, 0, sizeof *properties);
    strcpy(properties->cDetectorType, "XISL emulator");
    memcpy(properties->cUniqueDeviceIdentifier, s->serial, 16);
    return ALL_OK;
}

HIS_RETURN Acquisition_GetConfiguration(HACQDESC handle, UINT *frames, UINT *rows, UINT *columns,
                                        UINT *data_type, UINT *sort, BOOL *irq, DWORD *acq_type,
                                        DWORD *system, DWORD *sync, DWORD *access)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    *frames = s->ring_frames;
    *rows = rows_of(s);
    *columns = columns_of(s);
    *data_type = settings.data_type;
    *irq = 1;
    *sync = s->sync;
    *sort = *acq_type = *system = *access = 0;
    return ALL_OK;
}

static HIS_RETURN header(const Sensor *s, WORD counter, CHwHeaderInfo *info, CHwHeaderInfoEx *ex)
{
    memset(info, 0, sizeof *info);
    memset(ex, 0, sizeof *ex);
    info->dwHeaderID = settings.header_id;
    info->dwNrRows = rows_of(s);
    info->dwNrColumns = columns_of(s);
    info->dwTiming = s->mode;
    info->dwGain = s->gain;
    if (settings.header_id < 14)
        return ALL_OK;
    ex->wHeaderID = (WORD)settings.header_id;
    ex->wCameratype = 2;
    ex->wTiming = (WORD)s->mode;
    ex->wGain = (WORD)s->gain;
    ex->wBinningMode = (WORD)s->binning;
    ex->wFrameCnt = counter;
    ex->wRealInttime_milliSec = (WORD)(s->timer_us / 1000);
    ex->wRealInttime_microSec = (WORD)(s->timer_us % 1000);
    return ALL_OK;
}

HIS_RETURN Acquisition_GetHwHeaderInfoEx(HACQDESC handle, CHwHeaderInfo *info, CHwHeaderInfoEx *ex)
{
    Sensor *s = of(handle);
    return s ? header(s, s->counter, info, ex) : INVALID_ACQ_DESC;
}

/* ---- settings ---- */

HIS_RETURN Acquisition_GetIntTimes(HACQDESC handle, double *times_us, int *count)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (*count > TIMINGS)
        *count = TIMINGS;
    for (int i = 0; i < *count; i++)
        times_us[i] = frame_time_us(s, (UINT)i);
    return ALL_OK;
}

HIS_RETURN Acquisition_SetCameraMode(HACQDESC handle, UINT mode)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (s->running)
        return WRONG_CAMERA_MODE;
    if (mode >= TIMINGS)
        return INVALID_PARAM;
    s->mode = mode;
    return ALL_OK;
}

HIS_RETURN Acquisition_SetCameraGain(HACQDESC handle, WORD gain)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (gain > 5)
        return INVALID_PARAM;
    s->gain = gain;
    return ALL_OK;
}

HIS_RETURN Acquisition_SetCameraBinningMode(HACQDESC handle, WORD mode)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (s->running)
        return WRONG_CAMERA_MODE;
    if (mode != 1 && mode != 2) /* this panel: none, and 2x2 */
        return INVALID_PARAM;
    s->binning = mode;
    return ALL_OK;
}

HIS_RETURN Acquisition_GetCameraBinningMode(HACQDESC handle, WORD *mode)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    *mode = (WORD)s->binning;
    return ALL_OK;
}

HIS_RETURN Acquisition_SetFrameSyncMode(HACQDESC handle, DWORD mode)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (mode < INTERNAL_TIMER || mode > FREE_RUNNING)
        return INVALID_PARAM;
    s->sync = mode;
    return ALL_OK;
}

HIS_RETURN Acquisition_SetTimerSync(HACQDESC handle, DWORD *cycle_us)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    UINT shortest = frame_time_us(s, s->mode), wanted = (*cycle_us + 5) / 10 * 10;
    wanted = wanted < shortest ? shortest : wanted;
    s->timer_us = wanted > MAX_TIMER_US ? MAX_TIMER_US : wanted;
    *cycle_us = s->timer_us; /* what it made of it */
    return ALL_OK;
}

HIS_RETURN Acquisition_DefineDestBuffers(HACQDESC handle, unsigned short *ring, UINT frames,
                                         UINT rows, UINT columns)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (!ring || !frames || rows != rows_of(s) || columns != columns_of(s))
        return BUFFER_TOO_SMALL;
    s->ring = ring;
    s->ring_frames = frames;
    s->ring_rows = rows;
    s->ring_columns = columns;
    return ALL_OK;
}

HIS_RETURN Acquisition_SetCallbacksAndMessages(HACQDESC handle, HWND window, UINT error_message,
                                               UINT loosing_message, CALLBACK end_frame,
                                               CALLBACK end_acq)
{
    (void)window, (void)error_message, (void)loosing_message;
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    s->end_frame = end_frame;
    s->end_acq = end_acq;
    return ALL_OK;
}

/* ---- a run ---- */

static void leave(Sensor *s)
{
    s->threads--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int wait_until(Sensor *s, struct timespec *next, UINT microseconds)
{
    next->tv_nsec += (long)(microseconds % 1000000) * 1000;
    next->tv_sec += microseconds / 1000000 + next->tv_nsec / 1000000000;
    next->tv_nsec %= 1000000000;
    while (!s->stopping)
        if (pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, next))
            return 1; /* the time has come */
    return 0;
}

static void expose(Sensor *s)
{
    while (settings.patient && !s->stopping && s->received - s->sorted >= GRABBER_FRAMES)
        pthread_cond_wait(&s->changed, &s->lock);
    WORD counter = s->counter++;
    s->exposed++;
    if (settings.drop_link && s->exposed % settings.drop_link == 0)
        return; /* counted by the panel, never seen by the grabber */
    s->grabbed[s->received++ % GRABBER_FRAMES] = counter;
    pthread_cond_broadcast(&s->changed);
}

static void *panel(void *argument)
{
    Sensor *s = argument;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&s->lock);
    while (wait_until(s, &next, s->sync == INTERNAL_TIMER ? s->timer_us
                                                          : frame_time_us(s, s->mode))) {
        if (s->sync == EXTERNAL_TRIGGER) /* nobody gives a trigger here */
            continue;
        if (settings.silent_after && s->exposed >= settings.silent_after)
            continue;
        if (settings.unplug_after && s->exposed >= settings.unplug_after) {
            s->error = TIMEOUT;
            s->stopping = 1;
            break;
        }
        expose(s);
    }
    leave(s);
    return NULL;
}

static void sort(Sensor *s, uint64_t index)
{
    UINT pixels = s->ring_rows * s->ring_columns, slot = (UINT)(index % s->ring_frames);
    unsigned short *frame = s->ring + (size_t)slot * pixels;
    unsigned short level = (unsigned short)(1000 * (s->gain + 1) / (index ? 1 : 2));
    for (UINT i = 2; i < pixels; i++)
        frame[i] = level;
    frame[0] = s->latest;
    frame[1] = (unsigned short)slot;
}

static void *sorter(void *argument)
{
    Sensor *s = argument;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->stopping && s->sorted == s->received)
            pthread_cond_wait(&s->changed, &s->lock);
        if (s->stopping)
            break;
        if (s->received - s->sorted > GRABBER_FRAMES) /* overrun: on with the newest */
            s->sorted = s->received - 1;
        uint64_t index = s->sorted++;
        pthread_cond_broadcast(&s->changed);
        if (settings.drop_sdk && (index + 1) % settings.drop_sdk == 0)
            continue;
        s->latest = s->grabbed[index % GRABBER_FRAMES];
        s->act_frame = (DWORD)(index % GRABBER_FRAMES) + 1;
        s->act_slot = (DWORD)(index % s->ring_frames) + 1;
        pthread_mutex_unlock(&s->lock);
        sort(s, index);
        if (s->end_frame)
            s->end_frame(s);
        pthread_mutex_lock(&s->lock);
    }
    CALLBACK end_acq = s->end_acq;
    pthread_mutex_unlock(&s->lock);
    if (end_acq)
        end_acq(s);
    pthread_mutex_lock(&s->lock);
    leave(s);
    return NULL;
}

static void begin_thread(Sensor *s, void *(*body)(void *))
{
    pthread_t thread;
    s->threads++;
    pthread_create(&thread, NULL, body, s);
    pthread_detach(thread);
}

HIS_RETURN Acquisition_Acquire_Image(HACQDESC handle, UINT frames, UINT skip, UINT options,
                                     unsigned short *offset, DWORD *gain, DWORD *defects)
{
    (void)offset, (void)gain, (void)defects;
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (s->running)
        return ACQ_ALREADY_RUNNING;
    if (options != SEQ_CONTINUOUS || skip)
        return INVALID_PARAM;
    if (frames != s->ring_frames || s->ring_rows != rows_of(s) || s->ring_columns != columns_of(s))
        return BUFFER_TOO_SMALL;
    pthread_mutex_lock(&s->lock);
    s->running = 1;
    s->stopping = 0;
    s->exposed = s->received = s->sorted = 0;
    s->error = ALL_OK;
    begin_thread(s, panel);
    begin_thread(s, sorter);
    pthread_mutex_unlock(&s->lock);
    return ALL_OK;
}

HIS_RETURN Acquisition_GetActFrame(HACQDESC handle, DWORD *grabber_frame, DWORD *slot)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    *grabber_frame = s->act_frame; /* both from 1 */
    *slot = s->act_slot;
    return ALL_OK;
}

HIS_RETURN Acquisition_GetLatestFrameHeader(HACQDESC handle, CHwHeaderInfo *info,
                                            CHwHeaderInfoEx *ex)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    return settings.header_id < 14 ? HEADER_INVALID : header(s, s->latest, info, ex);
}

HIS_RETURN Acquisition_SetReady(HACQDESC handle, BOOL flag)
{
    (void)flag;
    return of(handle) ? ALL_OK : INVALID_ACQ_DESC;
}

HIS_RETURN Acquisition_GetErrorCode(HACQDESC handle, DWORD *error, DWORD *board_error)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    *error = s->error;
    *board_error = 0;
    return ALL_OK;
}

HIS_RETURN Acquisition_Abort(HACQDESC handle)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    pthread_mutex_lock(&s->lock);
    s->stopping = 1;
    pthread_cond_broadcast(&s->changed);
    while (s->threads) /* from the callback: for ever, as its thread is one of them */
        pthread_cond_wait(&s->changed, &s->lock);
    s->running = 0;
    pthread_mutex_unlock(&s->lock);
    return ALL_OK;
}

HIS_RETURN Acquisition_Close(HACQDESC handle)
{
    Sensor *s = of(handle);
    if (!s)
        return INVALID_ACQ_DESC;
    if (s->running)
        return ACQ_ALREADY_RUNNING;
    s->open = 0;
    return ALL_OK;
}

HIS_RETURN Acquisition_CloseAll(void)
{
    for (UINT i = 0; i < sensor_count; i++)
        if (sensors[i].open && sensors[i].running)
            return ACQ_ALREADY_RUNNING;
    sensor_count = 0;
    if (claim >= 0)
        close(claim);
    claim = -1;
    return ALL_OK;
}

UINT XislEmulator_SizeOf(const char *name)
{
    if (!strcmp(name, "CHwHeaderInfo"))
        return sizeof(CHwHeaderInfo);
    if (!strcmp(name, "CHwHeaderInfoEx"))
        return sizeof(CHwHeaderInfoEx);
    if (!strcmp(name, "GBIF_Detector_Properties"))
        return sizeof(GBIF_Detector_Properties);
    return 0;
}
