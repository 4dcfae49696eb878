// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.jimfs.AttributeProvider;
import com.google.common.jimfs.File;
import com.google.common.jimfs.FileLookup;
import java.nio.file.attribute.FileAttributeView;
import org.jspecify.annotations.Nullable;

/**
 * The attribute {@code unix:rdev} of device nodes, as Java shows it of a host's: a {@code long} as
 * {@code makedev(3)} makes it, 0 for what is no node.
 */
final class DeviceNumberAttribute extends AttributeProvider {

  private static final String VIEW = "unix";
  private static final String RDEV = "rdev";

  /** As {@link java.nio.file.Files#getAttribute} takes it. */
  static final String NAME = VIEW + ":" + RDEV;

  @Override
  public String name() {
    return VIEW;
  }

  @Override
  public ImmutableSet<String> fixedAttributes() {
    return ImmutableSet.of(RDEV);
  }

  @Override
  public @Nullable Object get(File file, String attribute) {
    if (!attribute.equals(RDEV)) {
      return null;
    }
    Object number = file.getAttribute(VIEW, RDEV);
    return number == null ? Long.valueOf(0) : number;
  }

  @Override
  public void set(File file, String view, String attribute, Object value, boolean create) {
    checkNotCreate(view, attribute, create);
    if (!attribute.equals(RDEV)) {
      throw unsettable(view, attribute, create);
    }
    file.setAttribute(VIEW, RDEV, checkType(view, attribute, value, Long.class));
  }

  @Override
  public Class<? extends FileAttributeView> viewType() {
    return View.class;
  }

  @Override
  public FileAttributeView view(
      FileLookup lookup, ImmutableMap<String, FileAttributeView> inherited) {
    return () -> VIEW;
  }

  /** Its view has no more than a name: the attribute is read by that. */
  private interface View extends FileAttributeView {}
}
