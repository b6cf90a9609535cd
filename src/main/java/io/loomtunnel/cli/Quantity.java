package io.loomtunnel.cli;

import java.time.Duration;

/// Numbers with a unit, as a person writes them.
final class Quantity {
    /// Switches a limit off.
    static final String OFF = "off";

    private static final long LONGEST = Duration.ofDays(365).toMillis();

    private Quantity() {}

    /// Reads a time: `500ms`, `10s`, `1m30s`, `2h`.
    /// @param what names the text in a message: a flag
    /// @return not negative
    /// @throws ExitException it is none, or more than a year
    static Duration time(String text, String what) throws ExitException {
        if (text.equals("0")) return Duration.ZERO;
        long millis = 0;
        int at = 0;
        while (at < text.length()) {
            int unit = digits(text, at);
            int end = unit;
            while (end < text.length() && Character.isLetter(text.charAt(end))) end++;
            long factor = switch (text.substring(unit, end)) {
                case "ms" -> 1;
                case "s" -> 1_000;
                case "m" -> 60_000;
                case "h" -> 3_600_000;
                default -> 0;
            };
            if (unit == at || unit - at > 12 || factor == 0) throw noTime(text, what);
            millis += Long.parseLong(text.substring(at, unit)) * factor;
            if (millis > LONGEST) throw ExitException.usage(what + " " + Text.printable(text) + " is more than a year");
            at = end;
        }
        if (text.isEmpty()) throw noTime(text, what);
        return Duration.ofMillis(millis);
    }

    /// Reads a number of bytes: `4096`, `64k`, `10m`, `2g`, in units of 1024.
    /// @param what names the text in a message: a flag
    /// @return not negative
    /// @throws ExitException it is none
    static long bytes(String text, String what) throws ExitException {
        int unit = digits(text, 0);
        int shift = switch (text.substring(unit).toLowerCase()) {
            case "", "b" -> 0;
            case "k", "kb", "kib" -> 10;
            case "m", "mb", "mib" -> 20;
            case "g", "gb", "gib" -> 30;
            case "t", "tb", "tib" -> 40;
            default -> -1;
        };
        if (unit == 0 || unit > 18 || shift < 0) throw ExitException.usage(what + " " + Text.printable(text) + ": a size is written as in 4096, 64k or 10m");
        long number = Long.parseLong(text.substring(0, unit));
        if (number > Long.MAX_VALUE >> shift) throw ExitException.usage(what + " " + Text.printable(text) + " is too large");
        return number << shift;
    }

    /// Reads a number of things.
    /// @param what  names the text in a message: a flag
    /// @param least what makes sense
    /// @throws ExitException it is none, or out of range
    static int count(String text, String what, int least) throws ExitException {
        boolean number = !text.isEmpty() && digits(text, 0) == text.length() && text.length() <= 10;
        long value = number ? Long.parseLong(text) : -1;
        if (value < least || value > Integer.MAX_VALUE) {
            throw ExitException.usage(what + " " + Text.printable(text) + ": a number from " + least + " on is needed");
        }
        return (int) value;
    }

    private static int digits(String text, int at) {
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
        return at;
    }

    private static ExitException noTime(String text, String what) {
        return ExitException.usage(what + " " + Text.printable(text) + ": a time is written as in 500ms, 10s or 1m30s");
    }
}
