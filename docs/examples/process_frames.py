"""Turn raw frames into images: tone and recursive averaging, as the viewer does."""

import numpy as np

import fluoroview as fv
from fluoroview.hal import PixelIntensityRelationship

with fv.open_detector("pattern", parameters={"Width": 256, "Height": 256}) as detector:
    frames = detector.acquire(10)

pipeline = fv.Pipeline(256, 256, fv.PipelineSettings(), PixelIntensityRelationship.LIN)
image = np.empty((256, 256), np.uint16)
for _, raw in frames:
    pipeline.process(raw, image)
print(f"image: {image.min()} to {image.max()} of {pipeline.image_maximum} counts")
