#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dash 0.5.12-12, the /bin/sh of Debian 13.
# Expected: when the kernel refuses a write, "echo value >file" names the reason, as bash and dd do.
# Instead: the builtins echo and printf say "I/O error" for every errno; EINVAL, ENOSPC and EBUSY look the same, and all of
# them look like EIO, which the kernel never answered.
# Why it matters: bind, unbind, driver_override and sriov_numvfs in sysfs report by errno alone (EBUSY: virtual functions
# are in use; ENODEV: no such device for this driver; EINVAL: VFIO cannot take it). A /bin/sh script loses it and sends
# its reader after faulty hardware; "printf value | dd of=file" keeps it.
. "$(dirname "$0")/common"

debian trixie dash=0.5.12-12
echo "dash 0.5.12-12"

dash() { run_debian usr/bin/dash "$@" 2>&1 || true; }
said_by_dash=""
# /dev/full refuses every write (ENOSPC); a word where /proc wants a number is EINVAL.
for target in /dev/full /proc/self/oom_score_adj; do
  for builtin in echo printf; do
    line=$(dash -c "$builtin word >$target")
    echo "dash, $builtin to $target: ${line##*dash: }"
    said_by_dash+="${line##*: }"$'\n'
  done
  dd_says=$({ printf word | LC_ALL=C dd "of=$target" conv=notrunc 2>&1 || true; } | sed -n 1p)
  echo "dd to $target: ${dd_says##*: }"
done
[ "$(sort -u <<<"$said_by_dash" | sed '/^$/d')" = "I/O error" ] && same=0 || same=1
still "$same" "two different errnos, and one that neither is, in dash's message"
