package io.iommufd4j.kernel;

import java.util.List;

/**
 * The name of every errno of Linux, by number: those of {@code asm-generic/errno.h}, which x86 and
 * arm64 share, and those that Linux keeps to itself and lets out by mistake ({@code
 * linux/errno.h}).
 */
final class ErrnoNames {

  /** From 1 on; a dash where a number has none. */
  private static final List<String> PUBLIC =
      split(
          """
          EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES
          EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY
          ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK
          ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH
          ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME
          ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG
          EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ
          ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT
          EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE
          EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN
          ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY
          EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM
          EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
          ENOTRECOVERABLE ERFKILL EHWPOISON
          """);

  private static final int FIRST_INTERNAL = 512;

  /** From 512 on; a dash where a number has none. */
  private static final List<String> INTERNAL =
      split(
          """
          ERESTARTSYS ERESTARTNOINTR ERESTARTNOHAND ENOIOCTLCMD ERESTART_RESTARTBLOCK
          EPROBE_DEFER EOPENSTALE ENOPARAM - EBADHANDLE ENOTSYNC EBADCOOKIE ENOTSUPP ETOOSMALL
          ESERVERFAULT EBADTYPE EJUKEBOX EIOCBQUEUED ERECALLCONFLICT ENOGRACE
          """);

  private static final String NONE = "-";

  private ErrnoNames() {}

  static String of(int errno) {
    String name =
        errno >= FIRST_INTERNAL ? at(INTERNAL, errno - FIRST_INTERNAL) : at(PUBLIC, errno - 1);
    return name.equals(NONE) ? "errno " + errno + ", which Linux does not define" : name;
  }

  private static String at(List<String> names, int index) {
    return index >= 0 && index < names.size() ? names.get(index) : NONE;
  }

  private static List<String> split(String names) {
    return List.of(names.strip().split("\\s+", -1));
  }
}
