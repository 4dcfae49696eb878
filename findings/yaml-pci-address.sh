#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PCI addresses and IDs without quotes in YAML: PyYAML 6.0.2 (Debian 13; YAML 1.1), SnakeYAML 2.5 (YAML 1.1) and
# snakeyaml-engine 3.0.1 (YAML 1.2).
# Expected: "address: 0000:01:00.0" is a text; a colon or a letter in the middle makes no number.
# Instead: YAML 1.1 has numbers of base 60. An address whose bus and device are written with decimal digits below 60 is such a
# number: 0000:01:00.0 is 60.0, and 0000:00:08.0 and 00:08.0 both are 8.0. With a hexadecimal digit, 0000:3b:00.0, it stays a
# text. YAML 1.2 has no base 60, but takes the device ID of QEMU's edu, 11e8, for 1.1 * 10^9.
# Why it matters: an inventory works until a card sits in another slot, since most hosts have addresses of both kinds. The text
# cannot be had back from the number. Quote every address and ID in YAML, those in examples too.
. "$(dirname "$0")/common"

need_jdk
debian trixie python3-yaml=6.0.2-1+b2 python3.13
jars org.yaml:snakeyaml:2.5 org.snakeyaml:snakeyaml-engine:3.0.1
scalars=(0000:01:00.0 0000:00:08.0 00:08.0 0000:3b:00.0 10000:01:00.0 11e8)

cat >"$scratch/show.py" <<'PYTHON'
import sys, yaml
for scalar in sys.argv[1:]:
    value = yaml.safe_load("a: " + scalar)["a"]
    print("PyYAML", scalar, type(value).__name__, value)
PYTHON
cat >"$scratch/Show.java" <<'JAVA'
import java.util.Map;

public class Show {
  public static void main(String[] scalars) {
    for (String scalar : scalars) {
      show("SnakeYAML", scalar, new org.yaml.snakeyaml.Yaml().load("a: " + scalar));
    }
    for (String scalar : scalars) {
      var settings = org.snakeyaml.engine.v2.api.LoadSettings.builder().build();
      show("snakeyaml-engine", scalar, new org.snakeyaml.engine.v2.api.Load(settings).loadFromString("a: " + scalar));
    }
  }

  static void show(String library, String scalar, Object document) {
    Object value = ((Map<?, ?>) document).get("a");
    System.out.println(library + " " + scalar + " " + value.getClass().getSimpleName() + " " + value);
  }
}
JAVA
{
  PYTHONHOME=$scratch/debian/usr PYTHONPATH=$scratch/debian/usr/lib/python3/dist-packages run_debian usr/bin/python3.13 \
    "$scratch/show.py" "${scalars[@]}"
  "$JDK/bin/java" -cp "$scratch/jars/*" "$scratch/Show.java" "${scalars[@]}"
} | tee "$scratch/out"
diff - "$scratch/out" >/dev/null <<'OUT' && same=0 || same=1
PyYAML 0000:01:00.0 float 60.0
PyYAML 0000:00:08.0 float 8.0
PyYAML 00:08.0 float 8.0
PyYAML 0000:3b:00.0 str 0000:3b:00.0
PyYAML 10000:01:00.0 float 36000060.0
PyYAML 11e8 str 11e8
SnakeYAML 0000:01:00.0 Double 60.0
SnakeYAML 0000:00:08.0 Double 8.0
SnakeYAML 00:08.0 Double 8.0
SnakeYAML 0000:3b:00.0 String 0000:3b:00.0
SnakeYAML 10000:01:00.0 Double 3.600006E7
SnakeYAML 11e8 Double 1.1E9
snakeyaml-engine 0000:01:00.0 String 0000:01:00.0
snakeyaml-engine 0000:00:08.0 String 0000:00:08.0
snakeyaml-engine 00:08.0 String 00:08.0
snakeyaml-engine 0000:3b:00.0 String 0000:3b:00.0
snakeyaml-engine 10000:01:00.0 String 10000:01:00.0
snakeyaml-engine 11e8 Double 1.1E9
OUT
still "$same" "YAML 1.1 makes numbers of many PCI addresses, and SnakeYAML and its engine one of 11e8"
