package io.iommufd4j.kernel;

import io.iommufd4j.bindings.libc.libc_h;

/**
 * The errnos that iommufd and VFIO answer with, and the names of all. Values are positive; a call
 * returns them negated.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
 */
public final class Errno {

  public static final int EPERM = libc_h.EPERM();
  public static final int ENOENT = libc_h.ENOENT();
  public static final int EINTR = libc_h.EINTR();
  public static final int EIO = libc_h.EIO();
  public static final int ENXIO = libc_h.ENXIO();
  public static final int E2BIG = libc_h.E2BIG();
  public static final int EBADF = libc_h.EBADF();
  public static final int EAGAIN = libc_h.EAGAIN();
  public static final int ENOMEM = libc_h.ENOMEM();
  public static final int EACCES = libc_h.EACCES();
  public static final int EFAULT = libc_h.EFAULT();
  public static final int EBUSY = libc_h.EBUSY();
  public static final int EEXIST = libc_h.EEXIST();
  public static final int ENODEV = libc_h.ENODEV();
  public static final int ENOTDIR = libc_h.ENOTDIR();
  public static final int EISDIR = libc_h.EISDIR();
  public static final int EINVAL = libc_h.EINVAL();
  public static final int ENFILE = 23;
  public static final int EMFILE = libc_h.EMFILE();
  public static final int ENOTTY = libc_h.ENOTTY();
  public static final int EFBIG = libc_h.EFBIG();
  public static final int ENOSPC = libc_h.ENOSPC();
  public static final int ESPIPE = libc_h.ESPIPE();
  public static final int EROFS = libc_h.EROFS();
  public static final int ERANGE = libc_h.ERANGE();
  public static final int EDEADLK = libc_h.EDEADLK();
  public static final int ENOSYS = libc_h.ENOSYS();
  public static final int EBADE = libc_h.EBADE();
  public static final int EOVERFLOW = libc_h.EOVERFLOW();
  public static final int EMSGSIZE = libc_h.EMSGSIZE();
  public static final int EOPNOTSUPP = libc_h.EOPNOTSUPP();
  public static final int EBADFD = libc_h.EBADFD();
  public static final int EADDRINUSE = libc_h.EADDRINUSE();
  public static final int ETIMEDOUT = libc_h.ETIMEDOUT();
  public static final int ECANCELED = libc_h.ECANCELED();

  private Errno() {}

  /**
   * The symbolic name, as {@code EINVAL}; for a number that Linux gives to no errno {@code errno
   * 4000, which Linux does not define}.
   *
   * @param errno the errno, positive or negated
   */
  public static String name(int errno) {
    return ErrnoNames.of(Math.abs(errno));
  }
}
