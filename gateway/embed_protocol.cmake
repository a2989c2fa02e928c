# Writes ${OUTPUT}: ${DOCUMENT} as `protocol_text`. Called at build by gateway/CMakeLists.txt.
file(READ ${DOCUMENT} text)
string(LENGTH "${text}" size)
if(size GREATER 60000)
  message(FATAL_ERROR "${DOCUMENT} is too long for one string literal (65,536 bytes)")
endif()
file(WRITE ${OUTPUT} "// Generated from docs/api.md by embed_protocol.cmake.\n#pragma once\n\n#include <string_view>\n\n"
     "namespace gatehouse {\n\ninline constexpr std::string_view protocol_text = R\"markdown(" "${text}"
     ")markdown\";\n\n}  // namespace gatehouse\n")
