#!/usr/bin/env bash
# Makes a person detector as the one that ships was made, or goes on where it was cut off: call it
# again.
#   benchmarks/train_detector.sh PANORAMAS WORK [FRAMES] [EPOCHS] [START]
# From the repository's root, in an environment with the extra sim. START is the network to begin
# with, the one that ships unless told.
set -eu
panoramas=$1 work=$2 frames=${3:-5040} epochs=${4:-16} start=${5:-mtmc/weights/simulated.onnx}
mtmc simulate "$work/stills" --frames "$frames" --seed 7 --panoramas "$panoramas"
resume=""
[ -f "$work/simulated.onnx.state" ] && resume=--resume
mtmc train-detector "$work/stills" --out "$work/simulated.onnx" --epochs "$epochs" $resume \
  --set batch=16 --set rate=0.002 --set average=0.998 --set bfloat16=true --set height=320 \
  --set width=320 --set validate_every=2 --set start="$start"
