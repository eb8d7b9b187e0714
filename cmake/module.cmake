# tokamark_module(NAME SOURCES a.cc ... [TESTS a_test.cc ...] [STATISTICAL_TESTS b_test.cc ...] [USES modules] [LIBRARIES targets])
# One folder = one static library = one namespace. USES is the folder's place in the graph.
# Tests sit beside the source and make one program per folder, label "unit". STATISTICAL_TESTS make
# a second one, label "statistical": simulations with fixed seeds that take seconds.
function(tokamark_module name)
  cmake_parse_arguments(M "" "" "SOURCES;TESTS;STATISTICAL_TESTS;USES;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(target tokamark_${name})
  add_library(${target} STATIC ${M_SOURCES})
  target_link_libraries(${target} PUBLIC tokamark_settings)
  foreach(used ${M_USES})
    target_link_libraries(${target} PUBLIC tokamark_${used})
  endforeach()
  target_link_libraries(${target} PUBLIC ${M_LIBRARIES})
  tokamark_reuse_headers(${target} tokamark_headers)
  if(TOKAMARK_TESTS AND M_TESTS)
    tokamark_module_tests(${name}_test unit 120)
  endif()
  if(TOKAMARK_TESTS AND M_STATISTICAL_TESTS)
    set(M_TESTS ${M_STATISTICAL_TESTS})
    tokamark_module_tests(${name}_statistical_test statistical 600)
  endif()
endfunction()

# For tokamark_module alone: the program of M_TESTS against `target`.
function(tokamark_module_tests program label timeout_s)
  add_executable(${program} ${M_TESTS})
  target_link_libraries(${program} PRIVATE ${target} ${M_TEST_LIBRARIES} GTest::gmock GTest::gtest GTest::gtest_main)
  tokamark_reuse_headers(${program} tokamark_test_headers)
  target_compile_definitions(${program} PRIVATE
    TOKAMARK_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${program} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label} TIMEOUT ${timeout_s})
endfunction()
