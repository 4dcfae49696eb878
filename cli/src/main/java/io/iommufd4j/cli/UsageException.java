package io.iommufd4j.cli;

/** The command line asks for something that makes no sense; found out after it was parsed. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
