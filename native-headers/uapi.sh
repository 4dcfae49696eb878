# shellcheck shell=bash disable=SC2034
# The one pin of the UAPI headers, and what the scripts here ask of them. To be sourced with bash.

UAPI_PACKAGE=linux-libc-dev
UAPI_PACKAGE_VERSION='7.3.4-1~bpo13+1'
UAPI_LINUX=7.3.4

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
UAPI_DEFAULT_DIR=$HERE/target/uapi
PACKAGES=(iommufd vfio libc pci selftest)

# The command of a kernel with CONFIG_IOMMUFD_TEST is declared in the kernel's source alone.
SELFTEST_PACKAGE=linux-source-7.3
SELFTEST_HEADER=drivers/iommu/iommufd/iommufd_test.h

die() {
  echo "${0##*/}: $1" >&2
  exit "${2:-1}"
}

# uapi_include_flags DIR [MACHINE]: sets UAPI_INCLUDE to the -I options of the headers under DIR, or ends the script saying what is missing.
uapi_include_flags() {
  local dir=$1 arch
  arch=${2:-$(uname -m)}-linux-gnu
  [ -r "$dir/version" ] || die "no UAPI headers in $dir: run native-headers/fetch-uapi-headers first"
  [ "$(cat "$dir/version")" = "$UAPI_PACKAGE_VERSION" ] ||
    die "the headers in $dir are of $UAPI_PACKAGE $(cat "$dir/version"), not $UAPI_PACKAGE_VERSION: run native-headers/fetch-uapi-headers again"
  [ -d "$dir/usr/include/$arch/asm" ] || die "$UAPI_PACKAGE has no headers for $arch"
  UAPI_INCLUDE=(-I "$dir/usr/include" -I "$dir/usr/include/$arch")
  SELFTEST_INCLUDE=$dir/selftest
  if [ -r "$SELFTEST_INCLUDE/iommufd_test.h" ]; then UAPI_INCLUDE+=(-I "$SELFTEST_INCLUDE"); else SELFTEST_INCLUDE=''; fi
}

# bound KIND PACKAGE: the names that PACKAGE's argfile binds as KIND (constant, struct, function).
bound() {
  sed -n "s/^--include-$1 //p" "$HERE/jextract/$2.args"
}
