# Headers that most sources include, compiled once: they take about as long as the sources
# themselves. Every source still includes what it uses, so the build is the same without
# (-DTOKAMARK_PCH=OFF).
option(TOKAMARK_PCH "Precompile the headers that most sources include" ON)

# precompiled_headers(TARGET HEADERS...): an object library that tokamark_reuse_headers refers to.
function(precompiled_headers target)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(${target} OBJECT ${source})
  target_link_libraries(${target} PRIVATE tokamark_settings fmt::fmt nlohmann_json::nlohmann_json)
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

set(often <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional>
          <set> <span> <string> <string_view> <utility> <vector> <fmt/format.h> <nlohmann/json.hpp>)
if(TOKAMARK_PCH)
  precompiled_headers(tokamark_headers ${often})
  if(TOKAMARK_TESTS)
    precompiled_headers(tokamark_test_headers ${often} <gmock/gmock.h> <gtest/gtest.h>)
    target_link_libraries(tokamark_test_headers PRIVATE GTest::gmock GTest::gtest)
  endif()
endif()

# tokamark_reuse_headers(TARGET tokamark_headers|tokamark_test_headers)
function(tokamark_reuse_headers target headers)
  if(TOKAMARK_PCH)
    target_precompile_headers(${target} REUSE_FROM ${headers})
    # g++ forgets that a precompiled header is the system's, and then gives its known false warnings
    # about std::string (GCC bugs 105329, 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -Wno-error=array-bounds -Wno-error=restrict
        -Wno-error=stringop-overflow)
    endif()
  endif()
endfunction()
