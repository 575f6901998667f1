/* The part of Varex's XISL interface (Acq.h) that the driver calls, as the emulator offers it.
 *
 * Names, argument order and struct layout are those of the vendor's library on 64-bit systems
 * (WORD 16 bit, DWORD and UINT 32 bit, handles as wide as a pointer). Nothing here is the vendor's
 * code. The tests read the prototypes below and compare them with the driver's own table.
 */
#ifndef XISL_EMULATOR_H
#define XISL_EMULATOR_H

#include <stdint.h>

typedef int32_t BOOL;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint32_t UINT;
typedef uint32_t HIS_RETURN;
typedef void *HANDLE;
typedef HANDLE HWND;
typedef HANDLE HACQDESC;
typedef void *ACQDESCPOS;
typedef void (*CALLBACK)(HACQDESC);

typedef struct {
    DWORD dwPROMID, dwHeaderID;
    BOOL bAddRow, bPwrSave;
    DWORD dwNrRows, dwNrColumns;
    DWORD dwZoomULRow, dwZoomULColumn, dwZoomBRRow, dwZoomBRColumn;
    DWORD dwFrmNrRows, dwFrmRowType, dwFrmFillRowIntervalls, dwNrOfFillingRows;
    DWORD dwDataType, dwDataSorting, dwTiming, dwAcqMode, dwGain, dwOffset, dwAccess;
    BOOL bSyncMode;
    DWORD dwBias, dwLeakRows;
} CHwHeaderInfo;

typedef struct {
    WORD wHeaderID, wPROMID, wResolutionX, wResolutionY, wNrRows, wNrColumns;
    WORD wZoomULRow, wZoomULColumn, wZoomBRRow, wZoomBRColumn;
    WORD wFrmNrRows, wFrmRowType, wRowTime, wClock, wDataSorting, wTiming, wGain, wLeakRows;
    WORD wAccess, wBias, wUgComp, wCameratype;
    WORD wFrameCnt;
    WORD wBinningMode, wRealInttime_milliSec, wRealInttime_microSec, wStatus;
    WORD wCommand1, wCommand2, wCommand3, wCommand4, wDummy;
} CHwHeaderInfoEx;

typedef struct {
    char cDetectorType[32];
    char cManufacturingDate[8];
    char cPlaceOfManufacture[8];
    char cUniqueDeviceIdentifier[16];
    char cDeviceIdentifier[16];
    char cDummy[48];
} GBIF_Detector_Properties;

HIS_RETURN Acquisition_EnumSensors(UINT *pdwNumSensors, BOOL bEnableIRQ, BOOL bAlwaysOpen);
HIS_RETURN Acquisition_GetNextSensor(ACQDESCPOS *Pos, HACQDESC *phAcqDesc);
HIS_RETURN Acquisition_GetCommChannel(HACQDESC hAcqDesc, UINT *pdwChannelType, int *pnChannelNr);
HIS_RETURN Acquisition_GetDetectorProperties(HACQDESC hAcqDesc, GBIF_Detector_Properties *pProp);
HIS_RETURN Acquisition_GetConfiguration(HACQDESC hAcqDesc, UINT *dwFrames, UINT *dwRows,
                                        UINT *dwColumns, UINT *dwDataType, UINT *dwSortFlags,
                                        BOOL *bIRQEnabled, DWORD *dwAcqType, DWORD *dwSystemID,
                                        DWORD *dwSyncMode, DWORD *dwHwAccess);
HIS_RETURN Acquisition_GetHwHeaderInfoEx(HACQDESC hAcqDesc, CHwHeaderInfo *pInfo,
                                         CHwHeaderInfoEx *pInfoEx);
HIS_RETURN Acquisition_GetIntTimes(HACQDESC hAcqDesc, double *dblIntTime, int *nIntTimes);
HIS_RETURN Acquisition_SetCameraMode(HACQDESC hAcqDesc, UINT dwMode);
HIS_RETURN Acquisition_SetCameraGain(HACQDESC hAcqDesc, WORD wMode);
HIS_RETURN Acquisition_SetCameraBinningMode(HACQDESC hAcqDesc, WORD wMode);
HIS_RETURN Acquisition_GetCameraBinningMode(HACQDESC hAcqDesc, WORD *wMode);
HIS_RETURN Acquisition_SetFrameSyncMode(HACQDESC hAcqDesc, DWORD dwMode);
HIS_RETURN Acquisition_SetTimerSync(HACQDESC hAcqDesc, DWORD *dwCycleTime);
HIS_RETURN Acquisition_DefineDestBuffers(HACQDESC hAcqDesc, unsigned short *pProcessedData,
                                         UINT nFrames, UINT nRows, UINT nColumns);
HIS_RETURN Acquisition_SetCallbacksAndMessages(HACQDESC hAcqDesc, HWND hWnd, UINT dwErrorMsg,
                                               UINT dwLoosingFramesMsg, CALLBACK endFrame,
                                               CALLBACK endAcq);
HIS_RETURN Acquisition_Acquire_Image(HACQDESC hAcqDesc, UINT dwFrames, UINT dwSkipFrms, UINT dwOpt,
                                     unsigned short *pwOffsetData, DWORD *pdwGainData,
                                     DWORD *pdwPxlCorrList);
HIS_RETURN Acquisition_GetActFrame(HACQDESC hAcqDesc, DWORD *dwActAcqFrame,
                                   DWORD *dwActSecBuffFrame);
HIS_RETURN Acquisition_GetLatestFrameHeader(HACQDESC hAcqDesc, CHwHeaderInfo *pInfo,
                                            CHwHeaderInfoEx *pInfoEx);
HIS_RETURN Acquisition_SetReady(HACQDESC hAcqDesc, BOOL bFlag);
HIS_RETURN Acquisition_GetErrorCode(HACQDESC hAcqDesc, DWORD *dwHISError, DWORD *dwBoardError);
HIS_RETURN Acquisition_Abort(HACQDESC hAcqDesc);
HIS_RETURN Acquisition_Close(HACQDESC hAcqDesc);
HIS_RETURN Acquisition_CloseAll(void);

/* Not XISL: the size in bytes of one of the structs above, 0 for an unknown name. */
UINT XislEmulator_SizeOf(const char *name);

#endif
