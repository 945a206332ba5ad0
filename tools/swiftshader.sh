#!/usr/bin/env bash
# Puts a Vulkan driver that runs on the processor (SwiftShader) into a folder, so that the WebGPU
# path can be tested without a GPU, and prints the variable that tells tests/webgpu_test.ts of it:
#
#   eval "$(bash tools/swiftshader.sh .swiftshader)"
#
# Only that test's own processes get to see the driver: elsewhere, device "auto" would take it for a
# GPU and be slow. The driver and the Vulkan loader come from Debian's chromium-common; nothing is
# installed on the system, and a second call with the same folder downloads nothing.
set -euo pipefail
folder=${1:?"usage: swiftshader.sh FOLDER"}
files="libvk_swiftshader.so libvulkan.so.1 vk_swiftshader_icd.json"

complete() { for f in $files; do [ -s "$folder/$f" ] || return 1; done; }

if ! complete; then
  for tool in apt-get dpkg-deb; do
    command -v "$tool" > /dev/null || { echo "Cannot fetch SwiftShader: needs $tool" >&2; exit 1; }
  done
  mkdir -p "$folder"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  (
    cd "$scratch"
    apt-get download chromium-common || { apt-get update && apt-get download chromium-common; }
    dpkg-deb -x chromium-common_*.deb .
  ) > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
  for f in $files; do
    mv "$scratch/usr/lib/chromium/$f" "$folder/$f"
  done
fi

echo "export SHUM_SWIFTSHADER='$(cd "$folder" && pwd)'"
