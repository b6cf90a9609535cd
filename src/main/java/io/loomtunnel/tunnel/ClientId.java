package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.tunnel.StructuredItem.Value;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/// Which connection of which client process this is: the field `LoomTunnel-Client`.
///
/// @param instance drawn once a process: 128 random bits in hexadecimal
/// @param slot     which of the process's connections, from 0
/// @param epoch    rises at each dial of a slot: the higher one replaces the lower
public record ClientId(String instance, int slot, long epoch) {
    private static final int INSTANCE_BYTES = 16;
    private static final int MARK_BYTES = 12;
    private static final int MAX_INSTANCE = 64;       // characters that we accept from others
    static final int MAX_SLOT = 1_000;                // ours

    /// Refuses what no client would send.
    public ClientId {
        if (instance.isEmpty() || instance.length() > MAX_INSTANCE) throw new IllegalArgumentException("instance");
        if (slot < 0 || slot > MAX_SLOT) throw new IllegalArgumentException("slot " + slot);
        if (epoch < 0) throw new IllegalArgumentException("epoch " + epoch);
    }

    /// A new instance's first connection, not dialled yet.
    /// @return slot 0, epoch 0
    public static ClientId fresh() {
        var bytes = new byte[INSTANCE_BYTES];
        new SecureRandom().nextBytes(bytes);
        return new ClientId(HexFormat.of().formatHex(bytes), 0, 0);
    }

    /// Another connection of the same instance, not dialled yet.
    /// @param slot which one, from 0
    /// @return epoch 0
    public ClientId inSlot(int slot) {
        return new ClientId(instance, slot, 0);
    }

    /// The same connection dialled once more.
    /// @return one epoch on
    public ClientId next() {
        return new ClientId(instance, slot, epoch + 1);
    }

    /// Whether both are dials of one connection, so that the one of the higher epoch replaces the other.
    /// @param other of the same token
    /// @return true when instance and slot agree
    public boolean sameSlot(ClientId other) {
        return slot == other.slot && instance.equals(other.instance);
    }

    /// Names the instance to those who must not know it: the same at every server, and not to be turned back.
    /// @return 16 characters of letters, digits, `-` and `_`
    public String mark() {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(instance.getBytes(UTF_8));
            return Base64.getUrlEncoder().encodeToString(Arrays.copyOf(hash, MARK_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);        // every JDK has it
        }
    }

    /// Reads the field.
    /// @throws MalformedMessageException (400) a member is missing, or not what it must be
    static ClientId parse(String field) throws MalformedMessageException {
        var members = StructuredParser.dictionary(field);
        if (value(members, "instance") instanceof Value.Text(var instance)
                && value(members, "slot") instanceof Value.Whole(var slot) && slot <= MAX_SLOT
                && value(members, "epoch") instanceof Value.Whole(var epoch)) {
            try {
                return new ClientId(instance, (int) Math.max(slot, -1), epoch);
            } catch (IllegalArgumentException e) {
                throw new MalformedMessageException("LoomTunnel-Client has a bad " + e.getMessage());
            }
        }
        throw new MalformedMessageException("LoomTunnel-Client lacks its instance, slot or epoch");
    }

    /// Writes the field.
    String field() {
        var members = new LinkedHashMap<String, StructuredItem>();
        members.put("instance", StructuredItem.text(instance));
        members.put("slot", new StructuredItem(new Value.Whole(slot), Map.of()));
        members.put("epoch", new StructuredItem(new Value.Whole(epoch), Map.of()));
        return StructuredItem.dictionary(members);
    }

    private static Value value(Map<String, StructuredItem> members, String key) {
        var member = members.get(key);
        return member == null ? null : member.value();
    }
}
