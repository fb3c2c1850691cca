/** The library of certificates, which needs the other one to be there first. */
import 'reflect-metadata';

export * from '@peculiar/x509';
