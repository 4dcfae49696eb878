#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Surefire 3.5.6 with its JUnit Platform provider (JUnit 5.14.4), Maven on Java 17, tests compiled for and run by a JDK 25 (<jvm>; a toolchain does the
# same).
# Expected: forkCount says how many JVMs run the tests, so 2 works where 1 does.
# Instead: with 1 the tests run in the JDK 25. With 2, UnsupportedClassVersionError: Surefire then looks for test classes in Maven's own JVM, to hand
# them out, and loads them there. It says "Tests run: 0" before that.
# Why it matters: a build whose Maven runs on an older Java than its tests cannot use two forks; parallel modules (-T) are what is left.
. "$(dirname "$0")/common"

need_jdk
mavens=$(mvn -v 2>/dev/null | sed -n 's/^Java version: \([0-9]*\).*/\1/p')
[ -n "$mavens" ] || unavailable "no Maven on this machine"
[ "$mavens" -lt 25 ] || unavailable "Maven runs on Java $mavens; it takes an older one than 25"
mkdir -p "$scratch/project/target/test-classes/sample"
cd "$scratch/project"
cat >OneTest.java <<'JAVA'
package sample;

class OneTest {
  @org.junit.jupiter.api.Test
  void runs() {
    System.out.println("ran on " + Runtime.version().feature());
  }
}
JAVA
cat >pom.xml <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sample</groupId>
  <artifactId>sample</artifactId>
  <version>1</version>
  <properties>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId>
      <artifactId>junit-jupiter</artifactId>
      <version>5.14.4</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-surefire-plugin</artifactId>
        <version>3.5.6</version>
        <configuration>
          <jvm>$JDK/bin/java</jvm>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
XML
jars org.junit.jupiter:junit-jupiter-api:5.14.4 org.apiguardian:apiguardian-api:1.1.2
"$JDK/bin/javac" -cp "$scratch/jars/*" -d target/test-classes OneTest.java

forks() {
  mvn -B surefire:test "-DforkCount=$1" >"forks-$1" 2>&1
}

forks 1 || unavailable "the test does not run in one fork: $(grep -m 1 ERROR forks-1)"
grep -q 'ran on 25' forks-1 || unavailable "the test did not run in the JDK 25"
status=0
forks 2 || status=$?
grep -m 1 -o 'UnsupportedClassVersionError.*' forks-2 || true
changed=1
if [ "$status" -ne 0 ] && grep -q UnsupportedClassVersionError forks-2; then changed=0; fi
still $changed "two forks load test classes in Maven's own, older Java"
