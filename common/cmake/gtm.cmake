# What keeps every CMakeLists.txt short: gtm_proto, gtm_library, gtm_binary, gtm_test.
#
# Target names follow the folders: common/core is gtm_core, services/targeting/domain
# is gtm_targeting_domain. Link lists are the arrows of the architecture: a library
# sees only what it names.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(Eigen3 CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
if(GTM_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  enable_testing()
endif()
if(GTM_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Dev: optimised enough that property tests are quick, with assertions, line tables only.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
# GCC 12 warns at -O2 of overlaps and uninitialised reads inside std::string and
# std::optional that cannot happen (its bugs 105329 and 80635).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -Wno-restrict -Wno-maybe-uninitialized")
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
if(GTM_SANITIZE)
  add_compile_options(-fsanitize=${GTM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GTM_SANITIZE})
endif()

# gtm_proto(<name> [ROOT folder] PROTOS a.proto ... [SERVICES b.proto ...] [DEPS ...])
# Makes gtm_<name>_proto from protos of the current folder; with SERVICES also
# gtm_<name>_grpc with the service stubs. Generated code is nobody's to lint. ROOT: what
# imports are relative to, if not protos/ of the project.
set(GTM_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)
function(gtm_proto name)
  cmake_parse_arguments(ARG "" "ROOT" "PROTOS;SERVICES;DEPS" ${ARGN})
  set(proto_root ${CMAKE_SOURCE_DIR}/protos)
  if(ARG_ROOT)
    set(proto_root ${ARG_ROOT})
  endif()
  file(MAKE_DIRECTORY ${GTM_GENERATED_DIR})
  set(message_sources)
  set(service_sources)
  foreach(proto ${ARG_PROTOS} ${ARG_SERVICES})
    cmake_path(ABSOLUTE_PATH proto OUTPUT_VARIABLE file)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${proto_root} OUTPUT_VARIABLE relative)
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(out ${GTM_GENERATED_DIR}/${stem})
    add_custom_command(
      OUTPUT ${out}.pb.cc ${out}.pb.h
      COMMAND protobuf::protoc -I${proto_root} --cpp_out=${GTM_GENERATED_DIR} ${relative}
      DEPENDS ${file} WORKING_DIRECTORY ${proto_root} VERBATIM)
    list(APPEND message_sources ${out}.pb.cc)
    if(proto IN_LIST ARG_SERVICES)
      add_custom_command(
        OUTPUT ${out}.grpc.pb.cc ${out}.grpc.pb.h
        COMMAND protobuf::protoc -I${proto_root} --grpc_out=${GTM_GENERATED_DIR}
                --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${relative}
        DEPENDS ${file} WORKING_DIRECTORY ${proto_root} VERBATIM)
      list(APPEND service_sources ${out}.grpc.pb.cc)
    endif()
  endforeach()
  add_library(gtm_${name}_proto STATIC ${message_sources})
  target_include_directories(gtm_${name}_proto SYSTEM PUBLIC ${GTM_GENERATED_DIR})
  target_link_libraries(gtm_${name}_proto PUBLIC ${ARG_DEPS} protobuf::libprotobuf)
  target_compile_options(gtm_${name}_proto PRIVATE -w -O1)
  if(service_sources)
    add_library(gtm_${name}_grpc STATIC ${service_sources})
    target_link_libraries(gtm_${name}_grpc PUBLIC gtm_${name}_proto gRPC::grpc++)
    target_compile_options(gtm_${name}_grpc PRIVATE -w -O1)
    # The messages' headers must exist before the stubs compile.
    add_dependencies(gtm_${name}_grpc gtm_${name}_proto)
  endif()
endfunction()

# gtm_library(<name> SOURCES ... [DEPS ...]): makes gtm_<name>; includes are written
# from the root of the project.
function(gtm_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(gtm_${name} STATIC ${ARG_SOURCES})
    target_include_directories(gtm_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(gtm_${name} PUBLIC ${ARG_DEPS})
  else()
    add_library(gtm_${name} INTERFACE)
    target_include_directories(gtm_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(gtm_${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

# gtm_binary(<file name> SOURCES ... DEPS ...): an executable in build/<preset>/bin.
function(gtm_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

# gtm_test(<name> SOURCES ... DEPS ... [LABEL unit|conformance|scenario|fault|tidy]
#          [TIMEOUT seconds]): one test binary, one ctest entry.
function(gtm_test name)
  if(NOT GTM_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
