-- Uses change all the time. They lie apart: no index of the keys has to be written anew for one. By the id of their key, as
-- its rows have no number here.
CREATE TABLE key_uses (
    key_id    uuid   PRIMARY KEY,
    used_at   bigint NOT NULL,
    operation text   NOT NULL,
    client    text,
    address   text
);
