#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::roofline {

/// Published peaks of one GPU.
struct GpuPeaks {
  std::string name;               ///< as NVML reports it
  double memory_bytes_per_s = 0;  ///< of its own memory
  /// Dense FLOP/s (operations for int8) by the type that is multiplied: "bf16" for both 16-bit
  /// types, "fp8", "int8", "fp4". A type that its tensor cores do not multiply is absent.
  std::map<std::string, double> dense_flops_per_s;
  std::string source;  ///< the vendor's document
};

/// Every GPU of gpu_peaks.json.
const std::vector<GpuPeaks>& known_gpus();

/// The peaks of the GPU with exactly that name; empty when it is not in the table.
std::optional<GpuPeaks> find_gpu(std::string_view name);

/// FLOP/s in a type; a GPU that does not multiply it widens it to 16 bits first.
double flops_per_s(const GpuPeaks& gpu, const std::string& type);

/// The text of gpu_peaks.json.
std::string_view gpu_peaks_text();

}  // namespace tokamark::roofline
