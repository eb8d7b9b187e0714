// Runs a fuzz target over its committed corpus, without libFuzzer: every file whole, and cut off
// at fifteen places. What the fuzzer once found stays found with any compiler.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCuts = 16;

void run(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  for (std::size_t cut = 1; cut <= kCuts; ++cut) {
    const auto end = static_cast<std::ptrdiff_t>(bytes.size() * cut / kCuts);
    // A copy of exactly this size, so that a sanitizer sees a read behind it.
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.begin() + end);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", arguments[0]);
    return 2;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(arguments[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);  // the last line names the file that broke the target
    run(file);
  }
  std::printf("%zu files\n", files.size());
  return files.empty() ? 1 : 0;
}
