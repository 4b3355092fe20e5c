#!/usr/bin/env bash
# Makes a person detector as the one that ships was made, or goes on where it was cut off: call it
# again.
#   benchmarks/train_detector.sh PANORAMAS WORK [FRAMES] [EPOCHS] [START]
# From the repository's root, in an environment with the extra sim. FRAMES are 336 at least: every
# eighth scene of 42 is for validation. START is the network to begin with, the one that ships
# unless told. A long training, a short one on from it with another seed, and the mean of the two.
set -eu
panoramas=$1 work=$2 frames=${3:-5040} epochs=${4:-16} start=${5:-mtmc/weights/simulated.onnx}
mtmc simulate "$work/stills" --frames "$frames" --seed 7 --panoramas "$panoramas"
train() { # NAME EPOCHS SEED RATE START
  [ -f "$work/$1.done" ] && return
  resume=""
  [ -f "$work/$1.onnx.state" ] && resume=--resume
  mtmc train-detector "$work/stills" --out "$work/$1.onnx" --epochs "$2" --seed "$3" $resume \
    --set rate="$4" --set start="$5" --set batch=16 --set average=0.998 --set bfloat16=true \
    --set height=320 --set width=320 --set validate_every=2
  touch "$work/$1.done"
}
train long "$epochs" 31 0.002 "$start"
train short $((epochs / 4)) 32 0.001 "$work/long.onnx.state"
train simulated 0 31 0.001 "$work/long.onnx.state,$work/short.onnx.state"
echo "wrote $work/simulated.onnx"
