#!/usr/bin/env bash
# Puts a Vulkan driver that runs on the processor (SwiftShader) into a folder, so that the WebGPU
# path can be tested without a GPU, and prints the variables that select it:
#
#   eval "$(bash tools/swiftshader.sh .swiftshader)"
#
# The driver and the Vulkan loader come from Debian's chromium-common; nothing is installed on the
# system, and a second call with the same folder downloads nothing.
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

folder=$(cd "$folder" && pwd)
echo "export VK_ICD_FILENAMES='$folder/vk_swiftshader_icd.json'"
echo "export VK_DRIVER_FILES='$folder/vk_swiftshader_icd.json'"
echo "export LD_LIBRARY_PATH='$folder'\"\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""
