package io.loomtunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The package map of docs/architecture.md, asserted on the compiled classes: a package imports lower floors, and its own floor
/// only along a drawn arrow.
class PackageMapTest {
    private static final List<Set<String>> FLOORS = List.of(
            Set.of("io", "bytes", "net", "metrics"),
            Set.of("http", "http1", "http2", "hpack", "websocket"),
            Set.of("tunnel", "serve", "pool", "plugin"),
            Set.of("ingress", "proxy", "dashboard"),
            Set.of("", "cli"));

    private static final Map<String, Set<String>> ARROWS = Map.of(
            "net", Set.of("io", "bytes", "metrics"),
            "http1", Set.of("http", "websocket"),
            "http2", Set.of("http", "hpack"),
            "websocket", Set.of("http"),
            "hpack", Set.of("http"),
            "cli", Set.of(""));

    @Test void arrowsPointDownwards() throws Exception {
        var wrong = new TreeSet<String>();
        for (var line : jdeps().split("\n")) {
            var words = line.trim().split("\\s+");
            if (words.length < 3 || !words[1].equals("->") || !words[0].startsWith("io.loomtunnel") || !words[2].startsWith("io.loomtunnel")) continue;
            var from = shortName(words[0]);
            var to = shortName(words[2]);
            if (from.equals(to)) continue;
            boolean lower = floor(to) < floor(from);
            if (!lower && !ARROWS.getOrDefault(from, Set.of()).contains(to)) wrong.add(from + " -> " + to);
        }
        assertEquals(Set.of(), wrong);
    }

    @Test void moduleRequiresNothingButTheJdk() throws Exception {
        var module = ModuleFinder.of(classes()).find("io.loomtunnel").orElseThrow();
        for (var required : module.descriptor().requires()) {
            assertTrue(required.name().startsWith("java.") || required.name().startsWith("jdk."), required.name());
        }
        var exported = module.descriptor().exports().stream().filter(export -> !export.isQualified())
                .map(ModuleDescriptor.Exports::source).collect(Collectors.toCollection(TreeSet::new));
        for (var hidden : List.of("bytes", "net", "http1", "http2", "hpack", "websocket", "serve", "cli")) {
            assertTrue(!exported.contains("io.loomtunnel." + hidden), hidden + " is exported");
        }
    }

    private static int floor(String name) {
        for (int i = 0; i < FLOORS.size(); i++) if (FLOORS.get(i).contains(name)) return i;
        throw new AssertionError("a package that is not on the map: " + name);
    }

    private static String shortName(String name) {
        return name.equals("io.loomtunnel") ? "" : name.substring("io.loomtunnel.".length());
    }

    private static String jdeps() throws URISyntaxException {
        var out = new StringWriter();
        var writer = new PrintWriter(out);
        int result = ToolProvider.findFirst("jdeps").orElseThrow().run(writer, writer, "-verbose:package", classes().toString());
        assertEquals(0, result, out.toString());
        return out.toString();
    }

    private static Path classes() throws URISyntaxException {
        var main = System.getProperty("java.class.path").split(File.pathSeparator);
        for (var entry : main) if (entry.endsWith("target" + File.separator + "classes")) return Path.of(entry);
        throw new AssertionError("target/classes is not on the class path");
    }
}
