#!/usr/bin/env bash
# Makes the person detector that ships, or goes on where it was cut off: call it again.
#   benchmarks/train_detector.sh PANORAMAS WORK [FRAMES] [EPOCHS] [START]
# From the repository's root, in an environment with the extra sim. START is the network to begin
# with, the one that ships unless told. Two trainings of different seeds run one after the other in
# each round; the next round begins with the mean of their weights.
set -eu
panoramas=$1 work=$2 frames=${3:-4032} epochs=${4:-12} mean=${5:-mtmc/weights/simulated.onnx}
mtmc simulate "$work/stills" --frames "$frames" --seed 7 --panoramas "$panoramas"
train() { # NAME EPOCHS SEED RATE
  [ -f "$work/$1.done" ] && return
  resume=""
  [ -f "$work/$1.onnx.state" ] && resume=--resume
  mtmc train-detector "$work/stills" --out "$work/$1.onnx" --epochs "$2" --seed "$3" $resume \
    --set rate="$4" --set start="$mean" --set height=320 --set width=320 --set bfloat16=true \
    --set validate_every=2
  touch "$work/$1.done"
}
seed=1
for rate in 0.001 0.001 0.0005; do
  states=""
  for _ in 1 2; do
    train "round$seed" "$epochs" "$seed" "$rate"
    states="$states,$work/round$seed.onnx.state" seed=$((seed + 1))
  done
  mean=${states#,}
done
train simulated "$epochs" "$seed" 0.0003
echo "wrote $work/simulated.onnx"
