# tokamark_embed(OUT NAME=FILE...): an assembly source with each file's bytes in the read-only data,
# between the symbols tokamark_NAME_begin and tokamark_NAME_end; its path, OUT.S, is put into OUT.
# src/base/embedded.h declares the symbols.
function(tokamark_embed out)
  set(text ".section .rodata\n")
  set(files "")
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
    string(APPEND text ".globl tokamark_${CMAKE_MATCH_1}_begin\n.globl tokamark_${CMAKE_MATCH_1}_end\n"
      "tokamark_${CMAKE_MATCH_1}_begin:\n.incbin \"${CMAKE_MATCH_2}\"\n"
      "tokamark_${CMAKE_MATCH_1}_end:\n.byte 0\n")
    list(APPEND files ${CMAKE_MATCH_2})
  endforeach()
  string(APPEND text ".section .note.GNU-stack, \"\", %progbits\n")
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${out}.S)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  set(${out} ${source} PARENT_SCOPE)
endfunction()
