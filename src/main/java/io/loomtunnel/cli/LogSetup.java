package io.loomtunnel.cli;

import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Sets `java.util.logging` up for this program: readable lines on standard error, and no file. The log manager makes one
/// when the first logger is asked for; until then, logging costs the start of the program nothing.
public final class LogSetup {
    private static final String CLASS_PROPERTY = "java.util.logging.config.class";
    private static final String FILE_PROPERTY = "java.util.logging.config.file";

    /// Held, because the log manager forgets a logger, and its level with it, when nobody else knows it.
    private static Logger ours;
    private static volatile boolean verbose;

    /// Called by the log manager.
    public LogSetup() {
        var handler = new ConsoleHandler();
        handler.setLevel(Level.ALL);
        handler.setFormatter(new LogLine());
        var root = Logger.getLogger("");
        root.setLevel(Level.WARNING);
        root.addHandler(handler);
        ours = Logger.getLogger("io.loomtunnel");
        ours.setLevel(verbose ? Level.FINE : Level.WARNING);
    }

    /// Makes this the set-up, unless the person chose another one by a system property.
    /// @param everything also what is normal: DEBUG and above instead of WARNING and above
    static void install(boolean everything) {
        verbose = everything;
        if (System.getProperty(CLASS_PROPERTY) == null && System.getProperty(FILE_PROPERTY) == null) {
            System.setProperty(CLASS_PROPERTY, LogSetup.class.getName());
        }
    }
}
