/**
 * The C library's part: the calls that carry a request ({@code ioctl}, {@code mmap}, {@code poll}, …), their flags, and errno's names.
 * The other files are generated and are not edited by hand; the handles in them cannot capture errno, so callers build their own.
 */
package io.iommufd4j.bindings.libc;
