#!/usr/bin/env bash
# SLURM job with a Ray cluster over all its nodes: one head, one worker process per other node.
#
#   sbatch --nodes=4 --gpus-per-node=4 deploy/slurm_ray.sh '/data/shards/*.tar' /data/feats.parquet
#
# Submit the same line again to continue a stopped job.
#SBATCH --job-name=reid-extract-ray
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
#SBATCH --output=%x-%j.log
set -euo pipefail

if [ "$#" -lt 2 ]; then
    echo "usage: sbatch --nodes=N slurm_ray.sh INPUT OUTPUT [options of extract]" >&2
    exit 2
fi
input=$1 output=$2
shift 2
port=6379
export RAY_USAGE_STATS_ENABLED=0

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
workers=${SLURM_CPUS_PER_TASK:-1}

srun --nodes=1 --ntasks=1 -w "$head" \
    ray start --head --node-ip-address="$head" --port="$port" --num-cpus="$workers" --block &
sleep 20
if [ "${#nodes[@]}" -gt 1 ]; then
    srun --nodes="$((${#nodes[@]} - 1))" --ntasks-per-node=1 --exclude="$head" \
        ray start --address="$head:$port" --num-cpus="$workers" --block &
    sleep 20
fi

RAY_ADDRESS="$head:$port" srun --overlap --nodes=1 --ntasks=1 -w "$head" \
    "${PYTHON:-python}" -m reid_align.extract "$input" -o "$output" \
    --engine ray --resume --on-error skip "$@" || code=$?
# 3: done, but some images could not be read; they are rows with an error.
if [ "${code:-0}" -eq 3 ]; then code=0; fi
exit "${code:-0}"
