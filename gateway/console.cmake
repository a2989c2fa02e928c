# The web console: a TypeScript package (gateway/admin/console) that npm and esbuild make into a few files, embedded as
# `admin::console_files()`. It is built in the build directory; the source tree stays as it is.
find_program(NPM npm)
find_program(NODE NAMES node nodejs)
if(NOT NPM OR NOT NODE)
  message(FATAL_ERROR "The console is built with Node.js (18 or newer) and npm, and one of them is not here. Install the "
                      "packages nodejs and npm (deploy/install.sh build does it on Debian), then configure again.")
endif()

set(console_source ${CMAKE_CURRENT_SOURCE_DIR}/admin/console)
set(console_build ${CMAKE_BINARY_DIR}/console)
set(console_cpp ${CMAKE_BINARY_DIR}/generated/console/console_files.cpp)
file(GLOB_RECURSE console_sources CONFIGURE_DEPENDS ${console_source}/src/*)
set(console_packages ${console_build}/node_modules/.package-lock.json)

add_custom_command(
  OUTPUT ${console_packages}
  COMMAND ${CMAKE_COMMAND} -E copy ${console_source}/package.json ${console_source}/package-lock.json ${console_build}/
  COMMAND ${NPM} ci --prefix ${console_build} --ignore-scripts --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${console_packages}
  DEPENDS ${console_source}/package.json ${console_source}/package-lock.json
  COMMENT "Installing the console's packages"
  VERBATIM)
add_custom_command(
  OUTPUT ${console_cpp}
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${console_build}/src
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${console_source}/src ${console_build}/src
  COMMAND ${CMAKE_COMMAND} -E copy ${console_source}/build.mjs ${console_source}/tsconfig.json ${console_build}/
  COMMAND ${NPM} run --silent --prefix ${console_build} check
  COMMAND ${NODE} ${console_build}/build.mjs ${console_cpp}
  DEPENDS ${console_packages} ${console_sources} ${console_source}/build.mjs ${console_source}/tsconfig.json
  COMMENT "Building the console"
  VERBATIM)
file(MAKE_DIRECTORY ${console_build} ${CMAKE_BINARY_DIR}/generated/console)

gatehouse_library(console_files SOURCES ${console_cpp} DEPENDS base)
