package io.loomtunnel.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/// One record in one line: time, level, package, message, and what a failure says. Only a bug brings its stack trace.
final class LogLine extends Formatter {
    private static final int SECOND = "2026-01-01T00:00:00.000".length();

    @Override public String format(LogRecord record) {
        var line = new StringBuilder(120);
        var time = ZonedDateTime.ofInstant(record.getInstant(), ZoneId.systemDefault()).toLocalDateTime().toString();
        line.append(time, 0, Math.min(time.length(), SECOND)).append(' ').append(level(record.getLevel())).append(' ');
        line.append(subject(record.getLoggerName())).append(": ").append(Text.printable(formatMessage(record)));
        var failure = record.getThrown();
        if (failure == null) return line.append('\n').toString();
        line.append(": ").append(Text.reason(failure)).append('\n');
        if (failure instanceof RuntimeException || failure instanceof Error) {
            var trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace, true));
            line.append(trace);
        }
        return line.toString();
    }

    private static String level(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) return "ERROR";
        if (level.intValue() >= Level.WARNING.intValue()) return "WARN ";
        return level.intValue() >= Level.INFO.intValue() ? "INFO " : "DEBUG";
    }

    /// The class without its package; `io.loomtunnel.net.Listener` is `Listener`.
    private static String subject(String logger) {
        return logger == null ? "" : logger.substring(logger.lastIndexOf('.') + 1);
    }
}
