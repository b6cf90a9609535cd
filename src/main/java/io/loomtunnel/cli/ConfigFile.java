package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/// A configuration file: Java properties in UTF-8, whose keys are flags without their dashes. A flag that may be given often may have
/// several lines, or values separated by commas.
///
/// @param file    its name, for messages
/// @param entries in the order of their lines
record ConfigFile(String file, List<Entry> entries) {
    /// For a command without one.
    static final ConfigFile NONE = new ConfigFile("", List.of());

    private static final int LONGEST = 1024 * 1024;

    /// What one line says, or several that backslashes join.
    ///
    /// @param line the number of the first
    record Entry(int line, String key, String value) {}

    /// @throws ExitException it cannot be read, or is no properties file
    static ConfigFile read(String file) throws ExitException {
        var name = Text.printable(file);
        try (var in = Files.newInputStream(Path.of(file))) {
            var bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) throw ExitException.usage("the configuration file " + name + " is too long");
            return parse(file, new String(bytes, UTF_8));
        } catch (ExitException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw ExitException.usage("cannot read the configuration file " + name + ": there is no such file", e);
        } catch (AccessDeniedException e) {
            throw ExitException.usage("cannot read the configuration file " + name + ": permission denied", e);
        } catch (IOException | InvalidPathException e) {
            throw ExitException.usage("cannot read the configuration file " + name + ": " + Text.reason(e), e);
        }
    }

    /// @throws ExitException a line is broken
    static ConfigFile parse(String file, String text) throws ExitException {
        var entries = new ArrayList<Entry>();
        var lines = (text.startsWith("\ufeff") ? text.substring(1) : text).split("\r\n|\r|\n", -1);
        for (int i = 0; i < lines.length; i++) {
            int number = i + 1;
            var line = lines[i].stripLeading();
            if (line.isEmpty() || line.charAt(0) == '#' || line.charAt(0) == '!') continue;
            // Properties knows what a key is, and escapes; but not in which line it was.
            while (continues(line) && i + 1 < lines.length) line = line.substring(0, line.length() - 1) + lines[++i].stripLeading();
            try {
                var property = new Properties();
                property.load(new StringReader(line));
                property.forEach((key, value) -> entries.add(new Entry(number, key.toString(), value.toString().strip())));
            } catch (IOException | IllegalArgumentException e) {
                throw ExitException.usage(Text.printable(file) + ":" + number + ": " + Text.reason(e), e);
            }
        }
        return new ConfigFile(file, List.copyOf(entries));
    }

    private static boolean continues(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') backslashes++;
        return backslashes % 2 == 1;
    }

    /// All values of a flag.
    List<String> values(Flag flag) {
        var values = new ArrayList<String>();
        for (var entry : entries) {
            if (!entry.key.equals(flag.name())) continue;
            if (flag.many() == Flag.Many.ONCE) values.add(entry.value);
            else for (var value : entry.value.split(",")) if (!value.isBlank()) values.add(value.strip());
        }
        return values;
    }

    /// A message about an entry.
    String at(Entry entry, String message) {
        return Text.printable(file) + ":" + entry.line + ": " + message;
    }

    /// A message about something that stands in the file, if one can tell where.
    String at(String message) {
        Entry found = null;
        for (var entry : entries) {
            boolean named = message.startsWith("--" + entry.key + " ") || message.startsWith("--" + entry.key + ":");
            if (named && (found == null || message.contains(entry.value) || !message.contains(found.value))) found = entry;
        }
        return found == null ? Text.printable(file) + ": " + message : at(found, message);
    }
}
