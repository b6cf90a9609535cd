package io.loomtunnel.cli;

import java.util.Locale;

/// What a doctor's check found.
///
/// @param check  one word
/// @param result whether that is well
/// @param text   what was seen, or what to do; one line
record Finding(String check, Result result, String text) {
    /// Whether all is well.
    enum Result {
        /// As it should be.
        OK("ok"),
        /// Nothing can be said, or nothing need be.
        NOTE("note"),
        /// Something is to be done.
        BAD("FAIL");

        private final String word;

        Result(String word) {
            this.word = word;
        }
    }

    static Finding ok(String check, String text) {
        return new Finding(check, Result.OK, text);
    }

    static Finding note(String check, String text) {
        return new Finding(check, Result.NOTE, text);
    }

    static Finding bad(String check, String text) {
        return new Finding(check, Result.BAD, text);
    }

    boolean bad() {
        return result == Result.BAD;
    }

    /// For a person.
    String line() {
        return "%-4s  %-10s  %s".formatted(result.word, check, text.replaceAll("\\p{Cntrl}", "?"));
    }

    /// For a program.
    String json() {
        return "{\"check\": " + quoted(check) + ", \"result\": " + quoted(result.name().toLowerCase(Locale.ROOT)) + ", \"text\": " + quoted(text) + "}";
    }

    /// RFC 8259 §7.
    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') quoted.append('\\').append(c);
            else if (c < ' ' || Character.isSurrogate(c)) quoted.append("\\u%04x".formatted((int) c));
            else quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}
