// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.linux.SeccompListener;
import org.jspecify.annotations.Nullable;

/** The call that a thread of the supervisor is about to answer. */
public final class CurrentCall {

  @SuppressWarnings("ThreadLocalUsage") // Of one supervisor's threads.
  private final ThreadLocal<@Nullable SeccompListener> listener = new ThreadLocal<>();

  /** No thread answers anything. */
  public CurrentCall() {}

  /** Sets the one of this thread. */
  public void set(SeccompListener answered) {
    listener.set(answered);
  }

  SeccompListener listener() {
    SeccompListener answered = listener.get();
    if (answered == null) {
      throw new IllegalStateException("this thread answers no call");
    }
    return answered;
  }
}
