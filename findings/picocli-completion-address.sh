#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The bash completion that picocli 4.7.7 generates (picocli.AutoComplete), for an option whose candidates are PCI addresses.
# Expected: "tool --device 0000:01" and TAB gives 0000:01:00.0, as "tool --device net" gives netdev0.
# Instead: nothing. A colon divides words for bash (COMP_WORDBREAKS), so the script gets "01" as the word to complete, compares it
# with whole candidates and finds none; completion of an address ends at its first colon. The generated script knows nothing of
# colons. With the colon taken out of COMP_WORDBREAKS, in the user's own shell, it works.
# Why it matters: a tool for PCI devices offers its users the completion of addresses, sees it work for the first four digits, and
# for no more. MAC and IPv6 addresses, and other values with colons, are the same.
. "$(dirname "$0")/common"

need_jdk
jars info.picocli:picocli:4.7.7
command -v script >/dev/null || unavailable "no script(1), which gives bash a terminal"
cd "$scratch"
cat >Tool.java <<'JAVA'
import java.util.*;
import picocli.CommandLine.*;

@Command(name = "tool")
public class Tool implements Runnable {
  static class Devices extends ArrayList<String> {
    Devices() {
      super(List.of("0000:00:08.0", "0000:01:00.0", "netdev0"));
    }
  }

  @Option(names = "--device", completionCandidates = Devices.class)
  String device;

  @Override
  public void run() {}
}
JAVA
"$JDK/bin/javac" -proc:none -cp jars/picocli-4.7.7.jar -d . Tool.java
"$JDK/bin/java" -cp jars/picocli-4.7.7.jar:. picocli.AutoComplete --force --name tool Tool
echo "picocli 4.7.7, bash ${BASH_VERSION%(*}"

# complete_word PREFIX [SHELL-COMMAND]: types it and TAB into an interactive bash; prints the word that the tool is given.
complete_word() {
  cat >rc <<RC
. ./tool_completion
tool() { printf '%s' "\$2" >word; }
${2:-}
RC
  rm -f word
  { sleep 1; printf 'tool --device %s\t' "$1"; sleep 1; printf '\nexit\n'; sleep 1; } |
    TERM=dumb script -qec "bash --noprofile --rcfile rc -i" typescript >/dev/null 2>&1 || true
  [ -s word ] || unavailable "no interactive bash here"
  cat word
}
name=$(complete_word net)
address=$(complete_word 0000:01)
apart=$(complete_word 0000:01 "COMP_WORDBREAKS=\${COMP_WORDBREAKS//:}")
echo "net and TAB:                                      $name"
echo "0000:01 and TAB:                                  $address"
echo "0000:01 and TAB, no colon in COMP_WORDBREAKS:     $apart"
[ "$name $apart" = "netdev0 0000:01:00.0" ] || unavailable "the completion does not work at all"
[ "$address" = 0000:01 ] && ends=0 || ends=1
still "$ends" "completion of an address ends at its first colon"
