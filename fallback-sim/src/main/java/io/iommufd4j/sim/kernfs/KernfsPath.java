// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.io.IOException;
import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A path of the tree: a text without doubled or closing slashes. A relative one is below {@code /}.
 */
final class KernfsPath implements Path {

  private final KernfsFileSystem files;
  private final String text;

  KernfsPath(KernfsFileSystem files, String text) {
    this.files = files;
    this.text = text;
  }

  /** The path as a path of this kind. */
  static KernfsPath of(Path path) {
    if (path instanceof KernfsPath its) {
      return its;
    }
    throw new ProviderMismatchException();
  }

  private KernfsPath with(String other) {
    return new KernfsPath(files, other);
  }

  private List<String> names() {
    String relative = isAbsolute() ? text.substring(1) : text;
    if (relative.isEmpty()) {
      return isAbsolute() ? List.of() : List.of("");
    }
    return Arrays.asList(relative.split("/"));
  }

  /** The path from the root. */
  String absolute() {
    return isAbsolute() ? text : "/" + text;
  }

  @Override
  public KernfsFileSystem getFileSystem() {
    return files;
  }

  @Override
  public boolean isAbsolute() {
    return text.startsWith("/");
  }

  @Override
  public @Nullable Path getRoot() {
    return isAbsolute() ? with("/") : null;
  }

  @Override
  public @Nullable Path getFileName() {
    return text.equals("/") ? null : with(text.substring(text.lastIndexOf('/') + 1));
  }

  @Override
  public @Nullable Path getParent() {
    int slash = text.lastIndexOf('/');
    if (slash < 0 || text.equals("/")) {
      return null;
    }
    return with(slash == 0 ? "/" : text.substring(0, slash));
  }

  @Override
  public int getNameCount() {
    return names().size();
  }

  @Override
  public Path getName(int index) {
    return subpath(index, index + 1);
  }

  @Override
  public Path subpath(int begin, int end) {
    List<String> names = names();
    if (begin < 0 || begin >= end || end > names.size()) {
      throw new IllegalArgumentException(begin + " to " + end + " of " + this);
    }
    return with(String.join("/", names.subList(begin, end)));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof KernfsPath start
        && start.files == files
        && start.isAbsolute() == isAbsolute()
        && (start.text.equals(text)
            || text.startsWith(start.text.endsWith("/") ? start.text : start.text + "/"));
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(other instanceof KernfsPath end) || end.files != files) {
      return false;
    }
    return end.text.equals(text)
        || (!end.isAbsolute() && !end.text.isEmpty() && text.endsWith("/" + end.text));
  }

  @Override
  public Path normalize() {
    var kept = new ArrayList<String>();
    for (String name : names()) {
      boolean up = name.equals("..");
      if (up && !kept.isEmpty() && !kept.getLast().equals("..")) {
        kept.removeLast();
      } else if (!name.equals(".") && !(up && isAbsolute())) {
        kept.add(name);
      }
    }
    return with((isAbsolute() ? "/" : "") + String.join("/", kept));
  }

  @Override
  public Path resolve(Path other) {
    KernfsPath its = of(other);
    if (its.isAbsolute() || text.isEmpty()) {
      return its;
    }
    if (its.text.isEmpty()) {
      return this;
    }
    return with(text.equals("/") ? "/" + its.text : text + "/" + its.text);
  }

  @Override
  public Path relativize(Path other) {
    KernfsPath its = of(other);
    if (its.isAbsolute() != isAbsolute()) {
      throw new IllegalArgumentException(this + " and " + other + " are not of one kind");
    }
    return with(relative(text.isEmpty() ? List.of() : names(), its.names()));
  }

  private static String relative(List<String> from, List<String> to) {
    int same = 0;
    while (same < from.size() && same < to.size() && from.get(same).equals(to.get(same))) {
      same++;
    }
    var way = new ArrayList<String>();
    for (int up = same; up < from.size(); up++) {
      way.add("..");
    }
    way.addAll(to.subList(same, to.size()));
    return String.join("/", way);
  }

  @Override
  public URI toUri() {
    return URI.create(KernfsProvider.SCHEME + "://" + absolute().replace(" ", "%20"));
  }

  @Override
  public Path toAbsolutePath() {
    return with(absolute());
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    String real = files.tree().realPath(absolute());
    if (real == null) {
      throw new NoSuchFileException(text);
    }
    return with(real);
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("no watches, as in sysfs");
  }

  @Override
  public int compareTo(Path other) {
    return text.compareTo(of(other).text);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KernfsPath path && path.files == files && path.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
