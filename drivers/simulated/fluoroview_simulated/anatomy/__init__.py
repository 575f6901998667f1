"""The patient in space: landmarks, meshes, parts and regions, and their projection."""
