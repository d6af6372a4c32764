// Words for what the audit trail records.

const ACTIONS: Record<string, string> = {
  'organization.created': 'Organization created',
  'organization.updated': 'Organization changed',
  'member.created': 'Member added',
  'member.updated': 'Member changed',
  'session.created': 'Session token issued',
  'key.created': 'Key created',
  'key.updated': 'Key changed',
  'key.revoked': 'Key revoked',
  'key.restored': 'Revocation undone',
  'key.rotated': 'Key rotated',
  'project.created': 'Project created',
  'project.updated': 'Project renamed',
  'project.deleted': 'Project deleted',
  'projects.synchronized': 'Projects read from Phare',
  'upstream.changed': 'Upstream changed',
  'phare_key.added': 'Phare key added',
  'phare_key.examined': 'Phare key checked',
  'phare_key.refused': 'Phare key refusal',
  'phare_key.staged': 'Next Phare key added',
  'phare_key.switched': 'Phare key switched',
  'phare_key.unstaged': 'Phare key slot emptied',
  'phare_key.renamed': 'Phare key renamed',
  'phare_key.removed': 'Phare key removed',
};

/** What an action is called; an unknown one keeps its own word. */
export const actionWords = (action: string): string => ACTIONS[action] ?? action;
