"""What the files of a result folder are called."""

RECORD = "run.json"
CONFIG = "config.yaml"
TRACKS = "tracks"  # a folder with `<camera>.txt`
TABLE = "tracks.parquet"
CSV = "tracks.csv"
PEOPLE = "identities.json"
THINGS = "things.parquet"  # what was taken for furniture, as TABLE
LOOKS = "looks.npz"
CROPS = "crops.sqlite"
CALIBRATION = "calibration.yaml"
ANSWERS = "inference.sqlite"  # what the networks said, of runs with --keep
EVENTS = "events.jsonl"  # what an online run made known, as it did
CORRECTIONS = "corrections.jsonl"  # what was said of the run's people
UNCORRECTED = "uncorrected"  # a folder with the tables as they were before
MOSAIC = "mosaic.mp4"
FLOOR_PICTURE, FLOOR_VIDEO = "floor.png", "floor.mp4"
VIEWER = "viewer"  # a folder with what `mtmc view` has converted for browsers
REPORT = "report.html"
HIDDEN = "hidden.npz"  # where people are, of runs with --anonymise
PICTURED = (MOSAIC, CROPS, REPORT)  # what shows people

# What a run leaves, beside its record and the folder of tracks.
RESULTS = (
    *(CONFIG, TABLE, CSV, PEOPLE, THINGS, LOOKS, CROPS, CALIBRATION),
    *(MOSAIC, FLOOR_PICTURE, FLOOR_VIDEO, HIDDEN, EVENTS),
)
