-- mq_poll of 0002 without the doubling of its backoff: a job is tried again as soon after the third crash as after the first.
-- Steps widen their intervals themselves, in new jobs; left to the queue are crashes and a database that went away.
CREATE OR REPLACE FUNCTION mq_poll(channel_names TEXT[], batch_size INT DEFAULT 1)
RETURNS TABLE(
    id UUID,
    is_committed BOOLEAN,
    name TEXT,
    payload_json TEXT,
    payload_bytes BYTEA,
    retry_backoff INTERVAL,
    wait_time INTERVAL
) AS $$
BEGIN
    RETURN QUERY WITH due AS MATERIALIZED (
        SELECT msgs.id
        FROM mq_msgs AS msgs
        WHERE msgs.id != '00000000-0000-0000-0000-000000000000'::uuid
        AND (msgs.after_message_id IS NULL OR msgs.after_message_id = '00000000-0000-0000-0000-000000000000'::uuid)
        AND msgs.attempt_at <= NOW()
        AND (channel_names IS NULL OR msgs.channel_name = ANY(channel_names))
        ORDER BY msgs.attempt_at
        LIMIT batch_size
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE mq_msgs
    SET
        attempt_at = CASE WHEN mq_msgs.attempts = 1 THEN NULL ELSE NOW() + mq_msgs.retry_backoff END,
        attempts = mq_msgs.attempts - 1
    FROM due
    LEFT JOIN mq_payloads ON mq_payloads.id = due.id
    WHERE mq_msgs.id = due.id
    RETURNING
        mq_msgs.id,
        mq_msgs.commit_interval IS NULL,
        mq_payloads.name,
        mq_payloads.payload_json::TEXT,
        mq_payloads.payload_bytes,
        mq_msgs.retry_backoff,
        INTERVAL '0' AS wait_time;

    IF NOT FOUND THEN
        RETURN QUERY SELECT
            NULL::UUID,
            NULL::BOOLEAN,
            NULL::TEXT,
            NULL::TEXT,
            NULL::BYTEA,
            NULL::INTERVAL,
            MIN(msgs.attempt_at) - NOW()
        FROM mq_msgs AS msgs
        WHERE msgs.id != '00000000-0000-0000-0000-000000000000'::uuid
        AND (msgs.after_message_id IS NULL OR msgs.after_message_id = '00000000-0000-0000-0000-000000000000'::uuid)
        AND (channel_names IS NULL OR msgs.channel_name = ANY(channel_names));
    END IF;
END;
$$ LANGUAGE plpgsql;
