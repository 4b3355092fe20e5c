#!/usr/bin/env bash
# Makes the ReID networks that ship, or goes on where it was cut off: call it again.
#   benchmarks/train_simulated.sh PANORAMAS WORK [PEOPLE] [IMAGES]
# From the repository's root, in an environment with the extras sim and pretrained.
set -eu
panoramas=$1 work=$2 people=${3:-3000} images=${4:-12}
mtmc simulate "$work/crops" --crops --ids "$people" --images "$images" --seed 11 --panoramas "$panoramas"
for preset in simulated simulated_lite; do
  resume=""
  [ -f "$work/$preset/last.pt" ] && resume=--resume
  reid train "$preset" --data "$work/crops" --out "$work/$preset" $resume
  reid export "$work/$preset/best.pt" "$work/$preset.onnx"
done
