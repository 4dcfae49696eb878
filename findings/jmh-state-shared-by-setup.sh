#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JMH 1.37 (jmh-core with its annotation processor), JDK 25: a state of Scope.Thread that both a benchmark and the @Setup of another state take.
# Expected: one thread has one instance of it, which the other state's @Setup fills and the benchmark then uses.
# Instead: there are two, in either order of the parameters. The @Setup fills one, and the benchmark is handed another, which nobody filled.
# Why it matters: a benchmark that prepares its data this way times an empty structure, and nothing says so: ours reported 1.4 ns to unmap an area.
. "$(dirname "$0")/common"

need_jdk
mkdir -p "$scratch/classes"
cat >"$scratch/Filled.java" <<'JAVA'
package sample;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

@BenchmarkMode(Mode.SingleShotTime)
@Fork(0)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class Filled {
  @State(Scope.Thread)
  public static class Store {
    int entries;
  }

  @State(Scope.Thread)
  public static class Filling {
    @Setup(Level.Invocation)
    public void fill(Store store) {
      store.entries++;
    }
  }

  @Benchmark
  public int fillingFirst(Filling filling, Store store) {
    System.out.println("seen " + store.entries);
    return store.entries;
  }

  @Benchmark
  public int storeFirst(Store store, Filling filling) {
    System.out.println("seen " + store.entries);
    return store.entries;
  }
}
JAVA
jars org.openjdk.jmh:jmh-core:1.37 org.openjdk.jmh:jmh-generator-annprocess:1.37 net.sf.jopt-simple:jopt-simple:5.0.4 \
  org.apache.commons:commons-math3:3.6.1
"$JDK/bin/javac" -proc:full -cp "$scratch/jars/*" -d "$scratch/classes" "$scratch/Filled.java" 2>"$scratch/javac.log" ||
  unavailable "the benchmark did not compile: $(tail -n 1 "$scratch/javac.log")"
"$JDK/bin/java" -cp "$scratch/classes:$scratch/jars/*" org.openjdk.jmh.Main >"$scratch/out" 2>&1 ||
  unavailable "JMH failed: $(tail -n 1 "$scratch/out")"
grep -o 'seen .*' "$scratch/out"
seen=$(grep -c 'seen' "$scratch/out")
[ "$seen" -eq 2 ] || unavailable "of two benchmarks $seen ran"
empty=0
[ "$(grep -c 'seen 0$' "$scratch/out")" -eq 2 ] || empty=1
still $empty "a benchmark and another state's @Setup get different instances of a Scope.Thread state"
