-- Whoever waits for a gateway looks: were each gateway to tell of it, everybody who listens would be woken by everybody.
DROP TRIGGER gateways_tell ON gateways;
DROP FUNCTION gateways_tell();
