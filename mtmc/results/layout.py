"""What the files of a result folder are called."""

RECORD = "run.json"
CONFIG = "config.yaml"
TRACKS = "tracks"  # a folder with `<camera>.txt`
TABLE = "tracks.parquet"
PEOPLE = "identities.json"
LOOKS = "looks.npz"
CROPS = "crops.sqlite"
CALIBRATION = "calibration.yaml"
MOSAIC = "mosaic.mp4"
FLOOR_PICTURE, FLOOR_VIDEO = "floor.png", "floor.mp4"

# What a run leaves, beside its record and the folder of tracks.
RESULTS = (CONFIG, TABLE, PEOPLE, LOOKS, CROPS, CALIBRATION, MOSAIC, FLOOR_PICTURE, FLOOR_VIDEO)
