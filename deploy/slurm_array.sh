#!/usr/bin/env bash
# SLURM job array: N independent processes, each with every N-th part; no Ray needed.
#
#   sbatch --array=0-15 deploy/slurm_array.sh '/data/shards/*.tar' /data/feats.parquet
#   python -m reid_align.join /data/feats-*-of-00016.parquet -o /data/feats.npy   # afterwards
#
# A task that was stopped or requeued continues where it was: submit the same line again.
#SBATCH --job-name=reid-extract
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --output=%x-%A_%a.log
set -euo pipefail

if [ "$#" -lt 2 ]; then
    echo "usage: sbatch --array=0-N slurm_array.sh INPUT OUTPUT [options of extract]" >&2
    exit 2
fi
input=$1 output=$2
shift 2
index=${SLURM_ARRAY_TASK_ID:?submit with --array=0-N}
count=${SLURM_ARRAY_TASK_COUNT:?submit with --array=0-N}
export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"

"${PYTHON:-python}" -m reid_align.extract "$input" -o "$output" \
    --shard "$index/$count" --resume --on-error skip "$@" &
# SLURM sends SIGTERM to this shell two minutes before the end; the command says what it has kept.
trap 'kill -TERM %1; wait %1' TERM
code=0
wait %1 || code=$?
# 3: done, but some images could not be read; they are rows with an error.
if [ "$code" -eq 3 ]; then code=0; fi
exit "$code"
