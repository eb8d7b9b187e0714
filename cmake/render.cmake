# The program that draws figures as files (src/render) needs libraries that nothing else does, so it
# is built where they are found, and left out elsewhere; TOKAMARK_RENDER=ON makes that an error.
# `tools/packages render` lists their packages.
set(TOKAMARK_RENDER AUTO CACHE STRING "Build tokamark-render: ON, OFF or AUTO (where it can be)")
set_property(CACHE TOKAMARK_RENDER PROPERTY STRINGS AUTO ON OFF)
set(render_missing "")
if(TOKAMARK_RENDER STREQUAL AUTO AND (TOKAMARK_SANITIZE OR TOKAMARK_FUZZ))
  set(render_missing "no sanitizers")  # a just-in-time engine reserves the space that they use
elseif(NOT TOKAMARK_RENDER STREQUAL OFF)
  set(render_libraries javascriptcoregtk-4.1 pangocairo pangoft2 fontconfig librsvg-2.0 cairo-pdf cairo-png zlib)
  foreach(library ${render_libraries})
    pkg_check_modules(RENDER_${library} QUIET ${library})
    if(NOT RENDER_${library}_FOUND)
      list(APPEND render_missing ${library})
    endif()
  endforeach()
  if(DEFINED TOKAMARK_WEB AND NOT TOKAMARK_WEB)
    list(APPEND render_missing "TOKAMARK_WEB=ON")
  endif()
endif()
if(NOT render_missing)
  # what is asked for holds
elseif(TOKAMARK_RENDER STREQUAL AUTO)
  string(REPLACE ";" " " render_missing "${render_missing}")
  message(STATUS "tokamark-render is not built (needs ${render_missing}; see tools/packages render): "
    "figures are written as Vega-Lite only")
  set(TOKAMARK_RENDER OFF)
else()
  string(REPLACE ";" " " render_missing "${render_missing}")
  message(FATAL_ERROR "TOKAMARK_RENDER=ON needs: ${render_missing}. tools/install-packages render "
    "installs the libraries.")
endif()
if(TOKAMARK_RENDER STREQUAL AUTO)
  set(TOKAMARK_RENDER ON)
endif()
if(TOKAMARK_RENDER)
  pkg_check_modules(RENDER REQUIRED QUIET IMPORTED_TARGET ${render_libraries})
  # Theirs is -pthread, which would keep the precompiled headers from being used.
  set_target_properties(PkgConfig::RENDER PROPERTIES INTERFACE_COMPILE_OPTIONS "")
endif()
