#!/bin/sh
# A stand-in for a shell script: counts in whole numbers, keeps its state in one small file.
# Usage: shell_train.sh FACTOR FOLDER [STATE]
set -eu
factor=$1
folder=$2
step=0
sum=0
if [ $# -gt 2 ]; then
    read -r step sum <"$3"
fi
mkdir -p "$folder"
while [ "$step" -lt 20 ]; do
    sleep 0.1
    step=$((step + 1))
    sum=$((sum + factor * step))
    if [ $((step % 5)) -eq 0 ]; then
        echo "$step $sum" >"$folder/state.new"
        mv "$folder/state.new" "$folder/state"
    fi
done
echo "finished: sum=$sum"
