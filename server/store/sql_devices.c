/* Changes to devices and their groups. */
#include "server/store/sql_store.h"

#include "server/model/abilities.h"

static void bind_number_if(struct db_statement *statement, int place, bool is_known, int64_t value)
{
    if (is_known)
        db_bind_number(statement, place, value);
}

int sql_apply_seen(struct db_statement *statement, const struct change *change)
{
    const struct device_facts *facts = &change->as.seen.facts;
    char abilities[ABILITIES_SIZE];

    db_bind_number(statement, 1, (int64_t)change->device);
    db_bind_number(statement, 2, change->as.seen.at_ms);
    db_bind_number(statement, 3, (int)facts->chip);
    db_bind_number(statement, 4, (int)facts->mode);
    bind_number_if(statement, 5, facts->has_chip_id, facts->chip_id);
    db_bind_number(statement, 6, (int64_t)facts->ap_mac);
    db_bind_number(statement, 7, facts->free_space);
    db_bind_number(statement, 8, facts->sketch_size);
    db_bind_number(statement, 9, facts->chip_size);
    sql_bind_bytes_if(statement, 10, facts->has_md5, facts->sketch_md5, UD_MD5_SIZE);
    sql_bind_bytes_if(statement, 11, facts->has_sha256, facts->sketch_sha256, UD_SHA256_SIZE);
    db_bind_text(statement, 12, facts->version);
    db_bind_text(statement, 13, facts->sdk_version);
    db_bind_bytes(statement, 14, facts->address, sizeof facts->address);
    if (facts->abilities.is_told)
        db_bind_text(statement, 15, abilities_format(&facts->abilities, abilities));
    return db_run(statement);
}

static void bind_setting(struct db_statement *statement, int place, bool is_new, const char *value)
{
    db_bind_number(statement, place, is_new);
    if (is_new && value[0] != '\0')
        db_bind_text(statement, place + 1, value);
}

static void bind_settings(struct db_statement *statement, const struct settings *settings)
{
    bind_setting(statement, 2, settings->set & SETTING_PRODUCT, settings->product);
    bind_setting(statement, 4, settings->set & SETTING_CHANNEL, settings->channel);
    bind_setting(statement, 6, settings->set & SETTING_PIN, settings->pin);
    db_bind_number(statement, 8, (settings->set & SETTING_DOWNGRADE) != 0);
    db_bind_number(statement, 9, settings->downgrade);
    db_bind_number(statement, 10, (settings->set & SETTING_OFFSET) != 0);
    bind_number_if(statement, 11, settings->offset.is_set, settings->offset.minutes);
}

static int enter_group(struct sql_store *store, const char *name)
{
    struct db_statement *statement = store->statements[STATEMENT_ENTER_GROUP];

    db_bind_text(statement, 1, name);
    return db_run(statement);
}

int sql_apply_assign(struct sql_store *store, const struct change *change)
{
    struct db_statement *enter = store->statements[STATEMENT_ENTER];
    struct db_statement *assign = store->statements[STATEMENT_ASSIGN];
    const struct settings *settings = &change->as.assign.settings;

    db_bind_number(enter, 1, (int64_t)change->device);
    int status = db_run(enter);
    if (status == DB_OK && (settings->set & SETTING_GROUP) && settings->group[0] != '\0')
        status = enter_group(store, settings->group);
    if (status != DB_OK)
        return status;
    db_bind_number(assign, 1, (int64_t)change->device);
    bind_settings(assign, settings);
    bind_setting(assign, 12, settings->set & SETTING_GROUP, settings->group);
    bind_setting(assign, 14, settings->set & SETTING_TAGS, settings->tags);
    bind_setting(assign, 16, settings->set & SETTING_ALIAS, settings->alias);
    bind_setting(assign, 18, settings->set & SETTING_COMMENT, settings->comment);
    db_bind_number(assign, 20, (settings->set & SETTING_DECOMMISSIONED) != 0);
    db_bind_number(assign, 21, settings->is_decommissioned);
    return db_run(assign);
}

int sql_apply_group(struct sql_store *store, const struct change *change)
{
    struct db_statement *group = store->statements[STATEMENT_GROUP];
    const int status = enter_group(store, change->as.group.name);

    if (status != DB_OK)
        return status;
    db_bind_text(group, 1, change->as.group.name);
    bind_settings(group, &change->as.group.settings);
    bind_setting(group, 12, change->as.group.settings.set & SETTING_ACCEPT,
                 change->as.group.settings.accept);
    return db_run(group);
}

static int apply_to_device(struct db_statement *statement, const struct change *change)
{
    db_bind_number(statement, 1, (int64_t)change->device);
    return db_run(statement);
}

int sql_apply_decided(struct sql_store *store, enum sql_statement name, int place,
                      const struct change *change, enum change_result *result)
{
    struct db_statement *statement = store->statements[name];

    db_bind_number(statement, place, change->is_conditional);
    db_bind_number(statement, place + 1, change->seen.offers.release);
    db_bind_number(statement, place + 2, change->seen.offers.count);
    db_bind_number(statement, place + 3, change->seen.comebacks);
    const int status = apply_to_device(statement, change);
    if (status == DB_OK && change->is_conditional && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    return status;
}

int sql_apply_retry(struct sql_store *store, const struct change *change,
                    enum change_result *result)
{
    const int status = sql_apply_decided(store, STATEMENT_FORGET_OFFERS, 2, change, result);

    return status == DB_OK ? apply_to_device(store->statements[STATEMENT_FS_FORGET], change)
                           : status;
}

int sql_apply_remove(struct sql_store *store, const struct change *change)
{
    int status = apply_to_device(store->statements[STATEMENT_REMOVE], change);

    if (status == DB_OK)
        status = apply_to_device(store->statements[STATEMENT_DROP_HEARD], change);
    return status == DB_OK ? apply_to_device(store->statements[STATEMENT_DROP_EVENTS], change)
                           : status;
}

int sql_apply_offer(struct sql_store *store, const struct change *change,
                    enum change_result *result)
{
    struct db_statement *statement = store->statements[STATEMENT_OFFER];

    db_bind_number(statement, 2, change->as.offer.release);
    db_bind_number(statement, 3, change->as.offer.rollout);
    db_bind_number(statement, 4, change->as.offer.before);
    return sql_apply_decided(store, STATEMENT_OFFER, 5, change, result);
}

int sql_apply_fs_offer(struct sql_store *store, const struct change *change,
                       enum change_result *result)
{
    db_bind_number(store->statements[STATEMENT_FS_OFFER], 2, change->as.offer.release);
    return sql_apply_decided(store, STATEMENT_FS_OFFER, 3, change, result);
}

int sql_apply_taken(struct sql_store *store, enum sql_statement name, const struct change *change,
                    enum change_result *result)
{
    db_bind_number(store->statements[name], 2, change->as.taken.at_ms);
    return sql_apply_decided(store, name, 3, change, result);
}

int sql_apply_register(struct sql_store *store, const struct change *change,
                       enum change_result *result)
{
    struct db_statement *assign = store->statements[STATEMENT_ASSIGN];
    const char *group = change->as.seen.group;
    const int status = sql_apply_seen(store->statements[STATEMENT_REGISTER], change);

    if (status == DB_OK && db_changes(store->database) == 0)
        *result = CHANGE_CONFLICT;
    if (status != DB_OK || *result != CHANGE_DONE || group[0] == '\0')
        return status;
    db_bind_number(assign, 1, (int64_t)change->device);
    bind_setting(assign, 12, true, group);
    return db_run(assign);
}
