# Writes ${OUTPUT}: every ${DIRECTORY}/<name>.lua as `scripts::<name>`, with the SHA-1 by which EVALSHA calls it.
# Called at build by gateway/store/CMakeLists.txt.
set(text "// Generated from gateway/store/*.lua by embed_scripts.cmake.\n#pragma once\n\n")
string(APPEND text "#include \"gateway/store/redis_client.h\"\n\nnamespace gatehouse::store::scripts {\n\n")
file(GLOB scripts ${DIRECTORY}/*.lua)
list(SORT scripts)
foreach(script IN LISTS scripts)
  get_filename_component(name ${script} NAME_WE)
  file(READ ${script} source)
  file(SHA1 ${script} sha1)
  string(APPEND text "inline constexpr Script ${name}{R\"lua(${source})lua\", \"${sha1}\"};\n")
endforeach()
string(APPEND text "\n}  // namespace gatehouse::store::scripts\n")
file(WRITE ${OUTPUT} "${text}")
