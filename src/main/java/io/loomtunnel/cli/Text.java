package io.loomtunnel.cli;

/// What other people wrote, made fit for one line of a terminal.
final class Text {
    private static final int LONGEST = 200;

    private Text() {}

    /// The text without control characters, and cut where it becomes too long to read.
    static String printable(String text) {
        int end = Math.min(text.length(), LONGEST);
        var clean = new StringBuilder(end);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            clean.append(Character.isISOControl(c) ? '?' : c);
        }
        return end < text.length() ? clean.append('…').toString() : clean.toString();
    }

    /// The reason of a failure in one line.
    static String reason(Throwable failure) {
        var message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : printable(message);
    }
}
