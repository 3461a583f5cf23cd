# Third-party libraries other than LibTorch, through the CMake or pkg-config files that Debian and Ubuntu ship with them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)

# cambium_pkg_config(<target> <module>): the pkg-config module as an imported target.
function(cambium_pkg_config target module)
  string(MAKE_C_IDENTIFIER ${module} prefix)
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(${target} ALIAS PkgConfig::${prefix})
endfunction()

cambium_pkg_config(PCRE2::PCRE2 libpcre2-8)
cambium_pkg_config(xxHash::xxHash libxxhash)
if(NOT TARGET zstd::zstd)
  cambium_pkg_config(zstd::zstd libzstd)
endif()

find_package(tomlplusplus 3.0 QUIET)
if(NOT tomlplusplus_FOUND)
  cambium_pkg_config(tomlplusplus::tomlplusplus tomlplusplus>=3.0)  # keys know their line since 3.0
endif()
